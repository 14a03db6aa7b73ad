//! The watch page in one call.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, web};
use platform_auth::Identity;
use platform_http::{CallError, Client, Problem, ProblemDocument, Service, UNLOCK_HEADER, Visitor};
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

/// Where an edge serves the video, and which others do.
#[derive(Debug, Serialize, ToSchema)]
struct Playback {
    /// HLS master playlist.
    hls_url: String,
    /// DASH manifest.
    dash_url: String,
    /// A picture to show before playback.
    poster_url: Option<String>,
    /// Name of the edge.
    edge: String,
    /// What can stand before `/v/…` in these addresses, best first: they begin with the first, and
    /// when that edge is gone the others serve the same paths. Empty for the address of this answer.
    bases: Vec<String>,
}

/// What the edge-provider tells of the edges that a video belongs on.
#[derive(Debug, Deserialize)]
struct Placement {
    edges: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    id: String,
    public_url: String,
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
    params(
        ("id" = String, Path, description = "The video's id"),
        ("marquee-unlock" = Option<String>, Header, description = "What unlocking it gave, if it takes a password"),
    ),
    responses(
        (status = 200, description = "The video, how to play it, and what exists of it", body = Watch),
        (status = 403, description = "It takes a password: `/problems/password-required`", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "No such video", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn get(
    id: web::Path<VideoId>,
    visitor: Visitor,
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let unlock = request.headers().get(UNLOCK_HEADER);
    let video = video(&state.client, &id, visitor.identity, unlock).await?;
    let complete = video
        .get("complete")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let viewer = state.reached(&request).address;
    let playback = playback(&state.client, &id, &video, viewer).await;
    let availability = if complete || playback.is_none() {
        None
    } else {
        let revision = video.get("revision").and_then(Value::as_u64);
        availability(&state.client, &id, revision.unwrap_or_default()).await
    };
    Ok(HttpResponse::Ok().json(Watch {
        video,
        playback,
        availability,
    }))
}

async fn video(
    client: &Client,
    id: &VideoId,
    who: Option<Identity>,
    unlock: Option<&HeaderValue>,
) -> Result<Value, Problem> {
    let path = format!("/api/videos/{id}");
    let answer = client
        .on_behalf_of(who)
        .get(Service::Metadata, &path, |request| match unlock {
            Some(key) => request.header(UNLOCK_HEADER, key.as_bytes()),
            None => request,
        })
        .await
        .map_err(|error| Problem::unavailable(2, error))?;
    if answer.status().as_u16() == StatusCode::NOT_FOUND.as_u16() {
        return Err(Problem::not_found(
            "There is no video at this address. It may have been deleted; check the link.",
        ));
    }
    if answer.status().as_u16() == StatusCode::FORBIDDEN.as_u16() {
        return Err(Problem::password_required());
    }
    let answer = answer
        .error_for_status()
        .map_err(|error| Problem::unavailable(2, error))?;
    answer.json().await.map_err(Problem::internal)
}

async fn playback(
    client: &Client,
    id: &VideoId,
    video: &Value,
    viewer: Option<IpAddr>,
) -> Option<Playback> {
    let text = |key: &str| video.get(key).and_then(Value::as_str);
    let (hls, dash) = (text("hls_url")?, text("dash_url")?);
    let mut edges = placement(client, id).await;
    take_turns(&mut edges, viewer);
    let first = edges.first()?;
    let at = |path: &str| format!("{}{path}", first.public_url);
    Some(Playback {
        hls_url: at(hls),
        dash_url: at(dash),
        poster_url: text("poster_url").map(at),
        edge: first.id.clone(),
        bases: edges.into_iter().map(|edge| edge.public_url).collect(),
    })
}

/// The edges that the video belongs on. While nobody tells, the edge behind this address serves it.
async fn placement(client: &Client, id: &VideoId) -> Vec<Edge> {
    let path = format!("/internal/placement/{id}");
    let asked = client.get(Service::EdgeProvider, &path, |request| request);
    let told = async { Ok(asked.await?.error_for_status()?.json().await?) };
    let told: Result<Placement, CallError> = told.await;
    let edges = match told {
        Ok(placement) => placement.edges,
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the watch page goes without the registry of edges");
            Vec::new()
        }
    };
    if edges.is_empty() {
        return vec![Edge {
            id: Service::Edge.name().to_owned(),
            public_url: String::new(),
        }];
    }
    edges
}

/// Spreads the viewers of a film over its edges, the same viewer always to the same one.
fn take_turns(edges: &mut [Edge], viewer: Option<IpAddr>) {
    let octets = match viewer {
        Some(IpAddr::V4(ip)) => ip.octets().to_vec(),
        Some(IpAddr::V6(ip)) => ip.octets().to_vec(),
        None => return,
    };
    // FNV-1a: near addresses come far apart.
    let hash = octets.iter().fold(0x811c_9dc5_u32, |hash, octet| {
        (hash ^ u32::from(*octet)).wrapping_mul(0x0100_0193)
    });
    let turn = usize::try_from(hash >> 8).unwrap_or_default();
    let turn = turn.checked_rem(edges.len()).unwrap_or_default();
    edges.rotate_left(turn);
}

/// Only decorates the seek bar, so the page does not fail without it.
async fn availability(client: &Client, id: &VideoId, revision: u64) -> Option<Availability> {
    let path = format!("/internal/videos/{id}/availability?revision={revision}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_are_spread_evenly_and_each_stays_where_it_was() {
        let edges = || {
            ["a", "b", "c"].map(|id| Edge {
                id: id.to_owned(),
                public_url: String::new(),
            })
        };
        let first = |ip: [u8; 4]| {
            let mut edges = edges();
            take_turns(&mut edges, Some(ip.into()));
            edges[0].id.clone()
        };
        let mut viewers = std::collections::HashMap::new();
        for n in 0..=255 {
            assert_eq!(first([10, 0, 7, n]), first([10, 0, 7, n]));
            *viewers.entry(first([10, 0, 7, n])).or_insert(0) += 1;
        }
        assert!(
            viewers.values().all(|n| (60..=110).contains(n)),
            "{viewers:?}"
        );
        take_turns(&mut [], Some([10, 0, 7, 1].into()));
    }
}
