//! `marquee admin verify`: whatever is left over or lost anywhere is found, and mended where it can be.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod planted;
mod stories;
