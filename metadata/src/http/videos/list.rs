//! `GET /api/videos`

use actix_web::{get, web};
use platform_http::{Problem, ProblemDocument, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::view::VideoView;
use crate::http::{State, cursor, failure, page_size};
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
    /// By default `live`.
    state: Option<ListedState>,
}

/// Which videos to list.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum ListedState {
    /// What everybody may watch.
    Live,
    /// The caller's own, in any state.
    All,
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
    let which = match query.state.unwrap_or(ListedState::Live) {
        ListedState::Live => Which::Live,
        ListedState::All => {
            let sign_in = "Sign in to see films of yours that are not live.";
            let identity = visitor
                .identity
                .ok_or_else(|| Problem::signed_out(sign_in))?;
            Which::Of(identity.user)
        }
    };
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
    Ok(web::Json(VideoPage {
        items: videos.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}
