//! `GET /api/videos`

use actix_web::{get, web};
use platform_auth::Identity;
use platform_http::{Problem, ProblemDocument, Visitor};
use schemas::OwnerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{self, Shelf, Video};
use crate::http::view::{Showing, VideoView};
use crate::http::{State, cursor, failure, page_size, reader};
use crate::store::{Position, Which};

/// Which page of which videos.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListVideos {
    /// How many, by default 24.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// By default `live`. What follows goes with `live` alone, and one at a time.
    state: Option<ListedState>,
    /// Those of one owner, by id.
    owner: Option<String>,
    /// Those with a tag.
    tag: Option<String>,
    /// Those of a category.
    category: Option<String>,
    /// Those in a language.
    language: Option<String>,
}

/// Which videos to list.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum ListedState {
    /// What is for everybody.
    Live,
    /// What others share with the caller.
    Shared,
    /// The caller's own, in any state.
    All,
    /// Those that the caller threw away and can take back.
    ThrownAway,
}

/// A page of videos.
#[derive(Debug, Serialize, ToSchema)]
struct VideoPage {
    /// Newest first.
    items: Vec<VideoView>,
    /// Gives the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists videos, newest first.
#[utoipa::path(
    tag = "videos",
    params(ListVideos),
    responses(
        (status = 200, description = "A page of videos", body = VideoPage),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/videos")]
pub(crate) async fn list_videos(
    visitor: Visitor,
    query: web::Query<ListVideos>,
    state: web::Data<State>,
) -> Result<web::Json<VideoPage>, Problem> {
    let limit = page_size(query.limit)?;
    let position = cursor::read(query.cursor.as_deref())?;
    let which = which(&query, visitor.identity.as_ref())?;
    let one_more = i64::from(limit) + 1;
    let videos = state.store.list(&which, &position, one_more).await;
    let mut videos = videos.map_err(failure::of_rows)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = videos.len() > limit;
    videos.truncate(limit);
    let next_cursor = videos
        .last()
        .filter(|_| more)
        .map(|last| cursor::write(&Position::after(last, &which)));
    let who = visitor.identity.as_ref();
    let shown: Vec<&Video> = videos.iter().collect();
    let showing = Showing::of(&state, who, &shown).await?;
    Ok(web::Json(VideoPage {
        items: showing.show_all(videos),
        next_cursor,
    }))
}

fn which(query: &ListVideos, who: Option<&Identity>) -> Result<Which, Problem> {
    let user = || reader(who, "Sign in to see films that are not for everybody.").cloned();
    let tag = query.tag.as_deref().map(domain::tag).transpose();
    let tag = tag.map_err(|error| Problem::bad_request(error.to_string()))?;
    let mut shelves = [
        query
            .owner
            .clone()
            .map(|owner| Shelf::Channel(OwnerId::new(owner))),
        tag.map(Shelf::Tag),
        query.category.clone().map(Shelf::Category),
        query.language.clone().map(Shelf::Language),
    ]
    .into_iter()
    .flatten();
    let which = match (query.state.unwrap_or(ListedState::Live), shelves.next()) {
        (ListedState::Live, shelf) => Which::On(shelf.unwrap_or(Shelf::Everybody)),
        (ListedState::Shared, None) => Which::On(Shelf::SharedWith(user()?)),
        (ListedState::All, None) => Which::Of(user()?),
        (ListedState::ThrownAway, None) => Which::ThrownAway(user()?),
        (_, Some(_)) => return Err(one_at_a_time()),
    };
    match shelves.next() {
        None => Ok(which),
        Some(_) => Err(one_at_a_time()),
    }
}

fn one_at_a_time() -> Problem {
    Problem::bad_request("Ask for one owner, tag, category or language at a time, of what is live.")
}
