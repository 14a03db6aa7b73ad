//! The catalogue's HTTP interface.

mod cursor;
mod failure;
mod playback;
mod videos;
mod view;

pub(crate) mod holdings;
pub(crate) mod rebuild;
pub(crate) mod search;

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use platform_auth::{Identity, PlaybackKey, Scope};
use platform_core::Clock;
use platform_http::Problem;
use platform_passwords::Hasher;
use schemas::OwnerId;
use utoipa::OpenApi;

use crate::rebuilds::Rebuilds;
use crate::removal::Retention;
use crate::search::SearchIndex;
use crate::store::Store;

/// What handlers work with.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) retention: Retention,
    pub(crate) index: Arc<dyn SearchIndex>,
    pub(crate) rebuilds: Rebuilds,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) playback: PlaybackKey,
    pub(crate) hasher: Hasher,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Marquee catalogue"),
    tags(
        (name = "videos", description = "What there is to watch"),
        (name = "search", description = "Finding it"),
    ),
    paths(
        videos::list::list_videos,
        videos::get::get_video,
        videos::edit::edit_video,
        videos::delete::delete_video,
        videos::restore::restore_video,
        videos::unlock::unlock_video,
        search::search_videos,
    ),
    // Parameters do not bring theirs along.
    components(schemas(videos::list::ListedState, search::Among))
)]
struct Api;

/// What the service answers, as seen from outside.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Registers the routes.
pub(crate) fn configure(app: &mut ServiceConfig) {
    app.service(videos::list::list_videos)
        .service(videos::get::get_video)
        .service(videos::edit::edit_video)
        .service(videos::delete::delete_video)
        .service(videos::restore::restore_video)
        .service(videos::unlock::unlock_video)
        .service(search::search_videos)
        .service(rebuild::rebuild_search)
        .service(holdings::holdings)
        .service(holdings::compare_index)
        .service(holdings::erase)
        .service(holdings::reindex);
}

/// Who asks for what is not for everybody, by a credential that may read; `sign_in` is for strangers.
fn reader<'a>(who: Option<&'a Identity>, sign_in: &str) -> Result<&'a OwnerId, Problem> {
    match who {
        Some(who) if who.scopes.contains(&Scope::Read) => Ok(&who.user),
        Some(_) => Err(Problem::forbidden(
            "This token may not be used for that. Make one that may read, or sign in.",
        )),
        None => Err(Problem::signed_out(sign_in)),
    }
}

/// How many items a page may have.
const MOST_ON_A_PAGE: u32 = 100;
/// How many it has unless told.
const ON_A_PAGE: u32 = 24;

/// The number of items somebody asked for, within bounds.
fn page_size(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(ON_A_PAGE) {
        limit @ 1..=MOST_ON_A_PAGE => Ok(limit),
        _ => Err(Problem::bad_request(format!(
            "The limit has to be from 1 to {MOST_ON_A_PAGE}."
        ))),
    }
}
