//! `GET /api/search`

use std::collections::HashMap;

use actix_web::{get, web};
use platform_auth::Identity;
use platform_http::{Problem, ProblemDocument, Visitor};
use schemas::{OwnerId, VideoId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{Showing, VideoView};
use super::{State, failure, page_size, reader};
use crate::domain::{self, Video};
use crate::search::{Audience, Hit, Query, Segment};

/// Longest query in characters.
const LONGEST_QUERY: usize = 200;

/// What to look for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words, as far as they are typed; nothing in them is syntax. Without any nothing is found.
    #[serde(default)]
    #[param(max_length = 200, required = true)]
    q: String,
    /// How many, by default 24.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Among which videos, by default those that are for everybody.
    among: Option<Among>,
}

/// Among which videos to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum Among {
    /// Those that are for everybody.
    Public,
    /// The caller's own, in any state.
    Own,
}

/// A page of what was found.
#[derive(Debug, Serialize, ToSchema)]
struct SearchPage {
    /// Best first; of equally good ones the newer first.
    items: Vec<SearchHit>,
    /// Gives the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// What was looked for.
    query: String,
}

/// A video that was found.
#[derive(Debug, Serialize, ToSchema)]
struct SearchHit {
    #[serde(flatten)]
    video: VideoView,
    highlights: Highlights,
}

/// Where words were found.
#[derive(Debug, Serialize, ToSchema)]
struct Highlights {
    /// All of the title.
    title: Vec<HighlightSegment>,
    /// A piece of the description, if words were found in it.
    description: Vec<HighlightSegment>,
}

/// A piece of plain text.
#[derive(Debug, Serialize, ToSchema)]
struct HighlightSegment {
    text: String,
    /// It is a word that was looked for, perhaps with a typo.
    hit: bool,
}

impl From<Segment> for HighlightSegment {
    fn from(segment: Segment) -> Self {
        Self {
            text: segment.text,
            hit: segment.hit,
        }
    }
}

impl From<Hit> for Highlights {
    fn from(hit: Hit) -> Self {
        let segments = |segments: Vec<Segment>| segments.into_iter().map(Into::into).collect();
        Self {
            title: segments(hit.title),
            description: segments(hit.description),
        }
    }
}

/// Finds videos by words of their title and description, typos forgiven, as you type.
#[utoipa::path(
    tag = "search",
    params(Search),
    responses(
        (status = 200, description = "What was found", body = SearchPage),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/search")]
pub(crate) async fn search_videos(
    visitor: Visitor,
    query: web::Query<Search>,
    state: web::Data<State>,
) -> Result<web::Json<SearchPage>, Problem> {
    let Search {
        q,
        limit,
        cursor,
        among,
    } = query.into_inner();
    let who = visitor.identity.as_ref();
    let limit = usize::try_from(page_size(limit)?).unwrap_or(usize::MAX);
    if q.chars().count() > LONGEST_QUERY {
        return Err(Problem::bad_request(format!(
            "The query is too long: shorten it to {LONGEST_QUERY} characters."
        )));
    }
    let audience = audience(among, who)?;
    let query = Query {
        audience: audience.clone(),
        text: q.clone(),
        limit,
        cursor,
    };
    let page = state.index.search(query).await;
    let page = page.map_err(failure::of_search)?;
    let mut videos = found(&state, &page.hits, &audience).await?;
    let rows: Vec<&Video> = videos.values().collect();
    let showing = Showing::of(&state, who, &rows).await?;
    let items = page.hits.into_iter().filter_map(|hit| {
        Some(SearchHit {
            video: showing.show(videos.remove(&hit.video_id)?),
            highlights: hit.into(),
        })
    });
    Ok(web::Json(SearchPage {
        items: items.collect(),
        next_cursor: page.next,
        query: q,
    }))
}

fn audience(among: Option<Among>, who: Option<&Identity>) -> Result<Audience, Problem> {
    match among.unwrap_or(Among::Public) {
        Among::Public => Ok(Audience::Everybody),
        Among::Own => {
            let user = reader(who, "Sign in to search among your films.")?;
            Ok(Audience::Owner(user.to_string()))
        }
    }
}

/// The rows decide what is shown: the index may be a moment behind.
async fn found(
    state: &State,
    hits: &[Hit],
    audience: &Audience,
) -> Result<HashMap<String, Video>, Problem> {
    let ids: Vec<VideoId> = hits
        .iter()
        .filter_map(|hit| hit.video_id.parse().ok())
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let videos = state.store.get_all(&ids).await.map_err(failure::of_rows)?;
    let theirs = videos.into_iter().filter(|video| match audience {
        Audience::Everybody => video.is_listed(),
        Audience::Owner(owner) => {
            let own = video.owner.as_ref().map(OwnerId::as_str) == Some(owner);
            own && video.state != domain::State::Deleted
        }
    });
    Ok(theirs.map(|video| (video.id.to_string(), video)).collect())
}
