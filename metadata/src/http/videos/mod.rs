//! `/api/videos`

pub(super) mod delete;
pub(super) mod edit;
mod etag;
pub(super) mod get;
pub(super) mod list;
pub(super) mod restore;
pub(super) mod unlock;

use platform_http::{Principal, Problem};
use schemas::{NewEvent, VideoId};

use super::{State, failure};
use crate::domain::{Refused, Video, news};

/// Makes of a video what `decide` says, in the name of `principal`, and tells everybody.
async fn change(
    state: &State,
    principal: &Principal,
    id: &VideoId,
    decide: impl Fn(&Video) -> Result<Video, Refused>,
) -> Result<Video, Problem> {
    let tell = |video: &Video| {
        NewEvent::new(principal.owner.clone(), news(video))
            .stamp(state.clock.now_ms(), &mut rand::rng())
    };
    let changed = state.store.change(id, decide, tell).await;
    changed.map_err(failure::of_rows)?.map_err(failure::refused)
}
