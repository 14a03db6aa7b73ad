//! The watch page in one call.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use platform_http::{Client, PRINCIPAL_HEADER, Principal, Problem, ProblemDocument, Service};
use reqwest::RequestBuilder;
use schemas::VideoId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use crate::http::State;

#[derive(OpenApi)]
#[openapi(
    paths(get),
    components(schemas(Watch, Playback, Availability, Track, ProblemDocument))
)]
pub(crate) struct Api;

/// Everything that the watch page needs.
#[derive(Debug, Serialize, ToSchema)]
struct Watch {
    /// The video, as `GET /api/videos/{id}` gives it.
    #[schema(value_type = Object)]
    video: Value,
    /// How to play it; absent until there is a plan.
    playback: Option<Playback>,
    /// What exists already; absent until there is a plan, and when everything exists.
    availability: Option<Availability>,
}

/// Where the nearest edge serves the video.
#[derive(Debug, Serialize, ToSchema)]
struct Playback {
    /// HLS master playlist.
    hls_url: String,
    /// DASH manifest.
    dash_url: String,
    /// A picture to show before playback.
    poster_url: Option<String>,
    /// Playback token that these addresses carry.
    token: String,
    /// Name of the edge.
    edge: String,
}

/// Which planned segments exist.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Availability {
    /// Length of the film in seconds.
    duration_s: f64,
    /// When each segment of the grid starts, in seconds.
    segment_starts_s: Vec<f64>,
    /// What of each track exists.
    tracks: Vec<Track>,
}

/// What of one rung or audio track exists.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Track {
    /// `v/` and the rung's name, or `a/` and the track's number.
    name: String,
    /// From and to, in seconds.
    ready: Vec<[f64; 2]>,
}

/// What the watch page needs, in one call.
#[utoipa::path(
    get,
    path = "/api/watch/{id}",
    tag = "playback",
    params(("id" = String, Path, description = "The video's id")),
    responses(
        (status = 200, description = "The video, how to play it, and what exists of it", body = Watch),
        (status = 404, description = "No such video", body = ProblemDocument),
    ),
)]
pub(crate) async fn get(
    id: web::Path<VideoId>,
    principal: Principal,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let video = video(&state.client, &id, &principal).await?;
    let complete = video
        .get("complete")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let playback = playback(&video);
    let availability = if complete || playback.is_none() {
        None
    } else {
        availability(&state.client, &id).await
    };
    Ok(HttpResponse::Ok().json(Watch {
        video,
        playback,
        availability,
    }))
}

async fn video(client: &Client, id: &VideoId, principal: &Principal) -> Result<Value, Problem> {
    let path = format!("/api/videos/{id}");
    let as_caller =
        |request: RequestBuilder| request.header(PRINCIPAL_HEADER, principal.owner.as_str());
    let answer = client
        .get(Service::Metadata, &path, as_caller)
        .await
        .map_err(|error| Problem::unavailable(2, error))?;
    if answer.status().as_u16() == StatusCode::NOT_FOUND.as_u16() {
        return Err(Problem::not_found(
            "There is no video at this address. It may have been deleted; check the link.",
        ));
    }
    let answer = answer
        .error_for_status()
        .map_err(|error| Problem::unavailable(2, error))?;
    answer.json().await.map_err(Problem::internal)
}

fn playback(video: &Value) -> Option<Playback> {
    let text = |key: &str| {
        video
            .get(key)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    Some(Playback {
        hls_url: text("hls_url")?,
        dash_url: text("dash_url")?,
        poster_url: text("poster_url"),
        token: "public".to_owned(),
        edge: Service::Edge.name().to_owned(),
    })
}

/// Only decorates the seek bar, so the page does not fail without it.
async fn availability(client: &Client, id: &VideoId) -> Option<Availability> {
    let path = format!("/internal/videos/{id}/availability");
    let asked = client.get(Service::Transcoder, &path, |request| request);
    let answer = asked
        .await
        .and_then(|answer| Ok(answer.error_for_status()?));
    match answer {
        Ok(answer) => answer.json().await.ok(),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the watch page goes without availability");
            None
        }
    }
}
