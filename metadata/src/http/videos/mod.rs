//! `/api/videos`

pub(super) mod edit;
pub(super) mod get;
pub(super) mod list;
