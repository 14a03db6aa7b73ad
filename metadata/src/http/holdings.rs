//! `/internal/holdings` and what mends the catalogue: for whoever looks whether all services agree.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use platform_http::{HOLDINGS_PAGE, Holdings, HoldingsQuery, Internal, Problem};
use schemas::{NewEvent, OwnerId, VideoId};
use serde::{Deserialize, Serialize};

use super::{State, failure};
use crate::differences::{Difference, differences};
use crate::domain::{Part, Video, news};

/// What the catalogue says of a video.
#[derive(Debug, Serialize)]
struct Held {
    video_id: String,
    state: &'static str,
    created_at_ms: i64,
    /// The newest revision; 0 before the first plan.
    revision: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at_ms: Option<i64>,
    /// Of which parts services have found nothing left since.
    erased: BTreeSet<Part>,
}

impl From<Video> for Held {
    fn from(video: Video) -> Self {
        Self {
            state: video.state.name(),
            created_at_ms: video.created_at_ms,
            revision: video.facts.revision,
            deleted_at_ms: video.facts.deleted_at_ms,
            erased: video.facts.erased,
            video_id: video.id.into(),
        }
    }
}

#[get("/internal/holdings")]
pub(crate) async fn holdings(
    _service: Internal,
    query: web::Query<HoldingsQuery>,
    state: web::Data<State>,
) -> Result<web::Json<Holdings<Held>>, Problem> {
    let wanted = query.into_inner().wanted()?;
    let rows = state.store.held(&wanted).await.map_err(failure::of_rows)?;
    let items: Vec<Held> = rows.into_iter().map(Held::from).collect();
    let page = Holdings::page(&wanted, items, |held| held.video_id.clone());
    Ok(web::Json(page))
}

/// Where to go on.
#[derive(Debug, Deserialize)]
struct Place {
    #[serde(default)]
    after: String,
}

/// A piece of the comparison of rows and search index.
#[derive(Debug, Serialize)]
struct Comparison {
    /// Documents that were compared.
    documents: usize,
    items: Vec<Difference>,
    /// Gives the next piece; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[get("/internal/search/differences")]
pub(crate) async fn compare_index(
    _service: Internal,
    place: web::Query<Place>,
    state: web::Data<State>,
) -> Result<web::Json<Comparison>, Problem> {
    // The index first: what it has by then, and has to have, a row speaks of.
    let indexed = state.index.list(&place.after, HOLDINGS_PAGE).await;
    let indexed = indexed.map_err(failure::of_search)?;
    let limit = i64::try_from(HOLDINGS_PAGE).unwrap_or(i64::MAX);
    let rows = state.store.searched(&place.after, limit).await;
    let rows = rows.map_err(failure::of_rows)?;
    let ends = [
        indexed.last().map(|it| it.video_id.as_str()),
        rows.last().map(|it| it.video.id.as_str()),
    ];
    let full = [indexed.len(), rows.len()].map(|count| count >= HOLDINGS_PAGE);
    // As far as both are known.
    let until = ends.into_iter().zip(full);
    let until = until.filter(|(_, full)| *full).filter_map(|(end, _)| end);
    let until = until.min().map(str::to_owned);
    let known = |id: &str| until.as_deref().is_none_or(|until| id <= until);
    let indexed: Vec<_> = indexed
        .into_iter()
        .filter(|it| known(&it.video_id))
        .collect();
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|it| known(it.video.id.as_str()))
        .collect();
    Ok(web::Json(Comparison {
        documents: indexed.iter().filter(|it| !it.removed).count(),
        items: differences(&indexed, &rows),
        next: until,
    }))
}

#[post("/internal/videos/{id}/erase")]
pub(crate) async fn erase(
    _service: Internal,
    id: web::Path<VideoId>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let now = state.clock.now_ms();
    let tell =
        |video: &Video| NewEvent::new(OwnerId::local(), news(video)).stamp(now, &mut rand::rng());
    let begun = state.store.erase(&id, now, tell).await;
    if begun.map_err(failure::of_rows)? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "not-deleted",
        "The video is not deleted",
        "Only what is left of deleted videos is removed. Delete it first.",
    ))
}

/// What the index has.
#[derive(Debug, Deserialize)]
struct Indexed {
    /// The version to be above.
    #[serde(default)]
    above: i64,
}

#[post("/internal/videos/{id}/reindex")]
pub(crate) async fn reindex(
    _service: Internal,
    id: web::Path<VideoId>,
    indexed: web::Query<Indexed>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let noted = state.store.reindex(&id, indexed.above.max(0)).await;
    noted.map_err(failure::of_rows)?;
    Ok(HttpResponse::NoContent().finish())
}
