//! Every service in processes of its own, two of each, on real servers: what a company runs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod cluster;
mod stories;
