//! `DELETE /api/uploads/{id}`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::UploadId;

use crate::flow::Uploads;

/// Gives an upload up and frees what is stored of it.
#[utoipa::path(
    tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 204, description = "The upload is given up"),
        (status = 409, description = "The upload is complete", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/uploads/{id}")]
pub(crate) async fn delete_upload(
    principal: Principal,
    id: web::Path<UploadId>,
    uploads: web::Data<Uploads>,
) -> Result<HttpResponse, Problem> {
    let upload = uploads.get(&id, &principal.owner).await?;
    uploads.abandon(&upload, None).await?;
    Ok(HttpResponse::NoContent().finish())
}
