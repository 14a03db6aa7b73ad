//! Uploads as clients live through them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod common;
mod names;
mod uploads {
    mod begin;
    mod complete;
    mod parts;
    mod quota;
    mod refuse;
    mod replace;
}
