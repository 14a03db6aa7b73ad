//! `GET /internal/edges` and `GET /internal/edges/closest`.

use actix_web::{HttpResponse, web};
use platform_core::clock::rfc3339;
use platform_http::Problem;
use serde::Serialize;
use serde_json::json;

use super::State;
use crate::health::address;
use crate::store::Edge;

/// An edge as others see it.
#[derive(Debug, Serialize)]
pub(super) struct EdgeView {
    id: String,
    /// How services reach it; absent while the embedded edge is not running.
    url: Option<String>,
    /// What players put before `/v/…`; empty for the gateway's own origin.
    public_url: String,
    /// Name of the credential that seeding it takes.
    credential: String,
    state: &'static str,
    last_seen: Option<String>,
}

impl EdgeView {
    pub(super) fn new(edge: &Edge, state: &State) -> Self {
        Self {
            id: edge.id.clone(),
            url: address(&state.client, edge).ok().map(Into::into),
            public_url: edge.public_url.clone(),
            credential: edge.credential.clone(),
            state: if edge.healthy { "healthy" } else { "unhealthy" },
            last_seen: (edge.last_seen_ms > 0).then(|| rfc3339(edge.last_seen_ms)),
        }
    }
}

pub(super) async fn list(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let edges = state.edges.all().await;
    let edges = edges.map_err(|error| Problem::unavailable(1, error))?;
    let items: Vec<_> = edges.iter().map(|e| EdgeView::new(e, &state)).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items })))
}

/// Without positions of edges, any healthy one is as close as another.
pub(super) async fn closest(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let edges = state.edges.all().await;
    let edges = edges.map_err(|error| Problem::unavailable(1, error))?;
    let edge = edges.iter().find(|edge| edge.healthy).or(edges.first());
    let edge = edge.ok_or_else(|| Problem::not_found("No edge is registered."))?;
    Ok(HttpResponse::Ok().json(EdgeView::new(edge, &state)))
}
