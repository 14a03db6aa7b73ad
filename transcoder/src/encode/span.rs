//! Where in the source a run begins to read.

use std::time::Duration;

use media::time::Micros;

use super::args::Args;
use crate::staging::{Seek, StagedSource};

/// Where a run begins to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// At the file's first packet.
    Beginning,
    /// At the last keyframe before this moment of source time.
    Before(Micros),
}

impl Start {
    /// For a run whose first frame lies `wanted` in source time. `last` is the latest moment at
    /// which a seek still finds something to decode.
    pub(super) fn of(source: &StagedSource, origin: Micros, wanted: Micros, last: Micros) -> Self {
        let moment = wanted.min(last);
        if source.seek == Seek::FromStart || moment <= origin {
            Self::Beginning
        } else {
            Self::Before(moment)
        }
    }

    /// The options before the input.
    pub(super) fn options(self, args: &mut Args) {
        if let Self::Before(moment) = self {
            // Not the accurate kind: frames before the cut are dropped by the filters, on frame
            // numbers. The moment is the source's own time.
            args.words("-noaccurate_seek -seek_timestamp 1")
                .option("-ss", moment);
        }
    }

    /// How much film is decoded in vain when the run wants what lies at `wanted`.
    pub(super) fn skipped(self, origin: Micros, wanted: Micros) -> Duration {
        match self {
            Self::Beginning => (wanted - origin).to_duration(),
            Self::Before(_) => Duration::ZERO,
        }
    }
}
