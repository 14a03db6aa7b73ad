//! `GET /api/uploads/{id}`

use actix_web::{get, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::UploadId;

use crate::flow::Uploads;
use crate::http::view::UploadView;

/// Shows an upload and which of its parts are stored.
#[utoipa::path(
    tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 200, description = "The upload", body = UploadView),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/uploads/{id}")]
pub(crate) async fn get_upload(
    principal: Principal,
    id: web::Path<UploadId>,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<UploadView>, Problem> {
    let upload = uploads.get(&id, &principal.owner).await?;
    let stored = uploads.stored_parts(&upload).await?;
    Ok(web::Json(UploadView::new(&upload, stored)))
}
