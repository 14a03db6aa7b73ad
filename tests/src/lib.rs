//! The harness of the whole-system stories: it starts the real `marquee` binary on a data folder
//! of its own, on ports that were free, and kills what it started.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a harness that cannot go on is a failed test, and the message says where"
)]

pub mod film;
pub mod marquee;
pub mod objects;
pub mod playlist;

pub use marquee::Marquee;
pub use objects::Objects;

use std::time::Duration;

/// How long a story waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Asks `look` again and again until it finds something.
///
/// # Panics
///
/// When it has found nothing for [`PATIENCE`]; `what` says what was awaited.
pub async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

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
