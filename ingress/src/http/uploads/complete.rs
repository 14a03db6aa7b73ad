//! `POST /api/uploads/{id}/complete`

use actix_web::{post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::UploadId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::flow::Uploads;
use crate::http::view::UploadState;

/// An upload whose file is whole.
#[derive(Debug, Serialize, ToSchema)]
struct CompletedUpload {
    upload_id: String,
    video_id: String,
    state: UploadState,
}

/// Assembles the file once every part is stored. Asking again gives the same answer.
#[utoipa::path(
    tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 200, description = "The file is whole", body = CompletedUpload),
        (status = 409, description = "Parts are missing; the sentence names them", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/uploads/{id}/complete")]
pub(crate) async fn complete_upload(
    principal: Principal,
    id: web::Path<UploadId>,
    uploads: web::Data<Uploads>,
) -> Result<web::Json<CompletedUpload>, Problem> {
    let upload = uploads.get(&id, &principal.owner).await?;
    let upload = uploads.complete(&upload).await?;
    Ok(web::Json(CompletedUpload {
        upload_id: upload.id.to_string(),
        video_id: upload.video.to_string(),
        state: upload.state.into(),
    }))
}
