//! `GET /internal/placement/{video}`: the edges that a film belongs on, best first.

use actix_web::{HttpResponse, web};
use platform_http::Problem;
use schemas::VideoId;
use serde_json::json;

use super::State;
use super::edges::EdgeView;
use crate::domain::placement::place;

pub(super) async fn get(
    video: web::Path<VideoId>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let edges = state.edges.all().await;
    let edges = edges.map_err(|error| Problem::unavailable(1, error))?;
    let healthy = edges.iter().filter(|edge| edge.healthy);
    let placed: Vec<_> = place(&video, healthy, |edge| &edge.id, state.replicas)
        .into_iter()
        .map(|edge| EdgeView::new(edge, &state))
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "edges": placed })))
}
