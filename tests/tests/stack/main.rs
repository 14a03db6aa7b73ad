//! Every service in processes of its own, two of each, on real servers: what a company runs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test"
)]

#[path = "../backup/story.rs"]
mod backup;
mod restore;
mod stories;
mod third_parties;
mod versions;
