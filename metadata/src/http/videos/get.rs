//! `GET /api/videos/{id}`

use actix_web::{HttpRequest, HttpResponse, get, web};
use platform_http::{Problem, ProblemDocument, Visitor};
use schemas::VideoId;

use super::etag;
use crate::http::view::{VideoView, show, show_unlocked};
use crate::http::{State, failure};

/// Shows a video, from the start of its upload on.
#[utoipa::path(
    tag = "videos",
    params(
        ("id" = String, Path, description = "The video's id"),
        ("marquee-unlock" = Option<String>, Header, description = "What unlocking it gave, if it takes a password"),
    ),
    responses(
        (status = 200, description = "The video", body = VideoView, headers(
            ("etag" = String, description = "To be sent as If-Match with an edit")
        )),
        (status = 403, description = "It takes a password: `/problems/password-required`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/videos/{id}")]
pub(crate) async fn get_video(
    visitor: Visitor,
    request: HttpRequest,
    id: web::Path<VideoId>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let who = visitor.identity.as_ref();
    let video = state.store.get(&id).await.map_err(failure::of_rows)?;
    // What is not for somebody is, for them, not there.
    let video = video.ok_or_else(failure::no_such_video)?;
    let (etag, seen) = (etag::of(&video), video.is_seen_by(who));
    let shown = if seen {
        show(&state, who, video).await?
    } else if state.is_unlocked(&video, &request) {
        show_unlocked(&state, who, video).await?
    } else if video.is_locked() {
        return Err(Problem::password_required());
    } else {
        return Err(failure::no_such_video());
    };
    Ok(HttpResponse::Ok().insert_header(etag).json(shown))
}
