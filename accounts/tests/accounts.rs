//! Accounts as people live through them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod common;
mod stories {
    mod admin;
    mod guessing;
    mod hashing;
    mod joining;
    mod password;
    mod sessions;
    mod tokens;
}
