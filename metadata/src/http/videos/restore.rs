//! `POST /api/videos/{id}/restore`

use actix_web::{HttpResponse, post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::VideoId;

use super::{change, etag};
use crate::domain::{self, Video};
use crate::http::State;
use crate::http::view::{VideoView, show};

/// Takes back a video that was thrown away, as it was.
#[utoipa::path(
    tag = "videos",
    params(("id" = String, Path, description = "The video's id")),
    responses(
        (status = 200, description = "The video as it is now", body = VideoView),
        (status = 409, description = "It was not thrown away", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/videos/{id}/restore")]
pub(crate) async fn restore_video(
    principal: Principal,
    id: web::Path<VideoId>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let decide = |video: &Video| domain::restore(video, &principal.identity);
    let video = change(&state, &principal, &id, decide).await?;
    let etag = etag::of(&video);
    let shown = show(&state, Some(&principal.identity), video).await?;
    Ok(HttpResponse::Ok().insert_header(etag).json(shown))
}
