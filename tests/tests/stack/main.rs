//! Every service in processes of its own, two of each, on real servers: what a company runs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a failed step is a failed test, and whoever runs it by hand wants figures"
)]

mod audit;
#[path = "../backup/story.rs"]
mod backup;
mod crowd;
mod faults;
mod restore;
mod stories;
mod third_parties;
mod versions;
