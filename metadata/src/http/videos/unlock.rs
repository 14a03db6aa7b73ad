//! `POST /api/videos/{id}/unlock`

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, post, web};
use platform_core::Redacted;
use platform_http::{Problem, ProblemDocument};
use platform_passwords::place_of;
use schemas::VideoId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Video;
use crate::http::{State, failure};

/// What somebody knows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Unlock {
    /// The password of the video.
    #[schema(value_type = String, max_length = 256)]
    password: Redacted,
}

/// What opens a video.
#[derive(Debug, Serialize, ToSchema)]
struct Unlocked {
    /// To be sent as the header `Marquee-Unlock` with requests for the video, for at least five
    /// hours, or until its password is changed; each answer then has addresses that are good as long.
    key: String,
}

/// Opens a video that takes a password.
#[utoipa::path(
    tag = "videos",
    params(("id" = String, Path, description = "The video's id")),
    request_body = Unlock,
    responses(
        (status = 200, description = "What opens it", body = Unlocked),
        (status = 403, description = "It is not the password", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such video, or none that takes a password", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries: `Retry-After` says when to come back", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/videos/{id}/unlock")]
pub(crate) async fn unlock_video(
    request: HttpRequest,
    id: web::Path<VideoId>,
    body: web::Json<Unlock>,
    state: web::Data<State>,
) -> Result<web::Json<Unlocked>, Problem> {
    let video = state.store.get(&id).await.map_err(failure::of_rows)?;
    let video = video.filter(Video::is_locked);
    let video = video.ok_or_else(failure::no_such_video)?;
    prove(&state, &video, &body.password, &place(&request)).await?;
    let key = state.token(&video, None, true);
    let key = key.ok_or_else(failure::no_such_video)?;
    Ok(web::Json(Unlocked { key }))
}

/// Makes sure that `password` is that of `video`. Tries are counted by film and by where they come
/// from: who guesses makes nobody else wait.
async fn prove(
    state: &State,
    video: &Video,
    password: &Redacted,
    place: &str,
) -> Result<(), Problem> {
    let stored = video.access.password.as_ref();
    let stored = stored.ok_or_else(failure::no_such_video)?;
    let buckets = [format!("film {} from {place}", video.id)];
    let tries = state.store.tries();
    let begun = tries.begin(&buckets, state.clock.now_ms()).await;
    let attempt = begun.map_err(failure::of_try)?;
    let verdict = state.hasher.verify(password, stored).await;
    if verdict.map_err(failure::of_hash)?.matches {
        return tries.succeeded(&attempt).await.map_err(failure::of_rows);
    }
    tries.failed(&attempt).await.map_err(failure::of_rows)?;
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "wrong-password",
        "The password is wrong",
        "This is not the password of this video. Check it, or ask whoever sent you the link.",
    ))
}

/// From where a request came, as the gateway says.
fn place(request: &HttpRequest) -> String {
    let address = request.headers().get("x-forwarded-for");
    place_of(
        address
            .map(HeaderValue::as_bytes)
            .and_then(|address| std::str::from_utf8(address).ok())
            .unwrap_or_default(),
    )
}
