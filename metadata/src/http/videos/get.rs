//! `GET /api/videos/{id}`

use actix_web::{get, web};
use platform_http::{Problem, ProblemDocument, Visitor};
use schemas::VideoId;

use crate::domain;
use crate::http::view::VideoView;
use crate::http::{State, failure};

/// Shows a video, from the start of its upload on.
#[utoipa::path(
    tag = "videos",
    params(("id" = String, Path, description = "The video's id")),
    responses(
        (status = 200, description = "The video", body = VideoView),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/videos/{id}")]
pub(crate) async fn get_video(
    // Everybody who has a video's link may see it, until videos can be private.
    _visitor: Visitor,
    id: web::Path<VideoId>,
    state: web::Data<State>,
) -> Result<web::Json<VideoView>, Problem> {
    let video = state.store.get(&id).await.map_err(failure::of_rows)?;
    video
        .filter(|video| video.state != domain::State::Deleted)
        .map(|video| web::Json(video.into()))
        .ok_or_else(failure::no_such_video)
}
