//! The harness of the whole-system stories: it starts the real `marquee` binary on a data folder
//! of its own, on ports that were free, and kills what it started.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a harness that cannot go on is a failed test, and the message says where"
)]

pub mod cluster;
pub mod collector;
pub mod film;
pub mod folders;
pub mod marquee;
pub mod memory;
pub mod objects;
pub mod playlist;
pub mod stack;
pub mod uploader;

pub use cluster::Cluster;
pub use collector::Collector;
pub use folders::named;
pub use marquee::Marquee;
pub use objects::Objects;
pub use uploader::Uploader;

/// How often a story repeats itself: `usual`, or what the environment variable says.
///
/// # Panics
///
/// When the variable is no number.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the tests says how often"
)]
pub fn times(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |times| times.parse().expect("a number"))
}
