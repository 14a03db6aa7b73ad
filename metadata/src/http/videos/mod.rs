//! `/api/videos`

pub(super) mod edit;
mod etag;
pub(super) mod get;
pub(super) mod list;
