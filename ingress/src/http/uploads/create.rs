//! `POST /api/uploads`

use actix_web::{HttpResponse, post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::{VideoId, v1};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::config::InitialVisibility;
use crate::flow::{Begun, NewUpload, Uploads};
use crate::http::view::UploadView;

/// The file that is to be sent.
#[derive(Debug, Deserialize, ToSchema)]
struct CreateUpload {
    /// Its name; never used as a path.
    #[schema(max_length = 1024)]
    file_name: String,
    /// Its size.
    #[schema(minimum = 1)]
    size_bytes: u64,
    /// What the client recognises the file by: the same file has the same fingerprint.
    #[schema(min_length = 1, max_length = 256)]
    fingerprint: String,
    /// By default the file's name without its extension.
    #[schema(max_length = 200)]
    title: Option<String>,
    #[schema(max_length = 5000)]
    description: Option<String>,
    /// By default `playable`, and `complete` for a file that replaces another.
    publish_policy: Option<PublishPolicy>,
    /// For whom the video is at the start; of an upload that was begun before, change the video's.
    /// By default what the operator chose, `public` unless told.
    visibility: Option<InitialVisibility>,
    /// A video of one's own that is to have this file instead of the one it has. What is there plays
    /// until the new file does; title, description and visibility stay, whatever is said here.
    #[schema(value_type = Option<String>)]
    replaces: Option<VideoId>,
}

/// When the video goes live.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PublishPolicy {
    /// As soon as its beginning can be watched.
    Playable,
    /// When the lowest quality is complete.
    LowestRung,
    /// When every quality is complete.
    Complete,
}

impl From<PublishPolicy> for v1::PublishPolicy {
    fn from(policy: PublishPolicy) -> Self {
        match policy {
            PublishPolicy::Playable => Self::Playable,
            PublishPolicy::LowestRung => Self::LowestRung,
            PublishPolicy::Complete => Self::Complete,
        }
    }
}

/// Begins an upload, or goes on with an unfinished one of the same file.
#[utoipa::path(
    tag = "uploads",
    request_body = CreateUpload,
    responses(
        (status = 201, description = "The upload has begun", body = UploadView),
        (status = 200, description = "The same file was begun before: send what is missing", body = UploadView),
        (status = 404, description = "There is no film of one's own to be replaced", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The file is larger than is taken here", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/uploads")]
pub(crate) async fn create_upload(
    principal: Principal,
    body: web::Json<CreateUpload>,
    uploads: web::Data<Uploads>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let (upload, begun) = uploads
        .begin(NewUpload {
            owner: principal.owner,
            file_name: body.file_name,
            size: body.size_bytes,
            fingerprint: body.fingerprint,
            title: body.title,
            description: body.description,
            visibility: body.visibility.map(Into::into),
            policy: body.publish_policy.map(Into::into),
            replaces: body.replaces,
        })
        .await?;
    let stored = match begun {
        Begun::Created => Vec::new(),
        Begun::Resumed => uploads.stored_parts(&upload).await?,
    };
    let mut answer = match begun {
        Begun::Created => HttpResponse::Created(),
        Begun::Resumed => HttpResponse::Ok(),
    };
    Ok(answer
        .insert_header(("location", format!("/api/uploads/{}", upload.id)))
        .json(UploadView::new(&upload, stored)))
}
