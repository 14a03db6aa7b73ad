//! `DELETE /api/videos/{id}`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};
use schemas::VideoId;
use serde::Deserialize;

use super::change;
use crate::domain::{self, Removal, Video};
use crate::http::State;

/// How to remove it.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct DeleteVideo {
    /// At once and for good, also where it could be taken back for a while.
    #[serde(default)]
    for_good: bool,
}

/// Removes a video: nobody sees it from now on, and everything that is stored of it is removed. Where
/// the operator allows for second thoughts, its owner can take it back for a while.
#[utoipa::path(
    tag = "videos",
    params(
        ("id" = String, Path, description = "The video's id"),
        DeleteVideo,
    ),
    responses(
        (status = 204, description = "It is gone for everybody"),
        (status = 403, description = "The video is somebody else's", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/videos/{id}")]
pub(crate) async fn delete_video(
    principal: Principal,
    id: web::Path<VideoId>,
    query: web::Query<DeleteVideo>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let removal = Removal {
        now_ms: state.clock.now_ms(),
        with_grace: state.retention.grace_h > 0 && !query.for_good,
    };
    let decide = |video: &Video| domain::remove(video, &principal.identity, removal);
    change(&state, &principal, &id, decide).await?;
    Ok(HttpResponse::NoContent().finish())
}
