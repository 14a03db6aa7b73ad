//! What is said meanwhile.

use std::io::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::Failure;

/// The time between two lines that tell how far it is.
const EVERY: Duration = Duration::from_secs(2);

/// Writes a line.
pub(super) fn say(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// So many objects of so many bytes, in words.
pub(super) fn amount(objects: u64, bytes: u64) -> String {
    format!("{objects} objects of {}", indicatif::HumanBytes(bytes))
}

/// Counts, and tells now and then.
#[derive(Debug)]
pub(super) struct Counter {
    what: &'static str,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    told: Instant,
}

impl Counter {
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            objects: 0,
            bytes: 0,
            told: Instant::now(),
        }
    }

    /// One more object.
    pub(super) fn add(&mut self, bytes: u64) -> Result<(), Failure> {
        self.objects += 1;
        self.bytes += bytes;
        if self.told.elapsed() < EVERY {
            return Ok(());
        }
        self.told = Instant::now();
        say(&format!(
            "{}: {}",
            self.what,
            amount(self.objects, self.bytes)
        ))
    }
}
