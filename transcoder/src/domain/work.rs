//! What a task is to do, and how soon.

use std::ops::Range;

use super::Track;

/// How soon. Smaller is sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Priority {
    /// A player waits for it.
    Wanted,
    /// The first of a film: it makes the film playable.
    First,
    /// What comes after a place where a player waits.
    Ahead,
    /// A film's start, or its lowest rung when it goes live with that.
    Start,
    /// The rest.
    Bulk,
}

impl Priority {
    /// Every one.
    pub(crate) const ALL: [Self; 5] = [
        Self::Wanted,
        Self::First,
        Self::Ahead,
        Self::Start,
        Self::Bulk,
    ];

    /// As dashboards call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::First => "first",
            Self::Ahead => "ahead",
            Self::Start => "start",
            Self::Bulk => "bulk",
        }
    }

    /// As it stands in a row.
    pub(crate) const fn rank(self) -> i64 {
        match self {
            Self::Wanted => 0,
            Self::First => 1,
            Self::Ahead => 2,
            Self::Start => 3,
            Self::Bulk => 4,
        }
    }
}

/// Which role takes a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Queue {
    /// Planners.
    Plan,
    /// Workers.
    Encode,
}

impl Queue {
    /// As it stands in a row.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Encode => "encode",
        }
    }
}

/// What a task is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// Examine the source and make the plan.
    Plan,
    /// Encode a run of segments of some rungs.
    Video {
        /// The rungs' names, smallest first.
        rungs: Vec<String>,
        /// The segments.
        segments: Range<u32>,
    },
    /// Encode a run of segments of one sound track.
    Audio {
        /// The track.
        track: u32,
        /// The segments.
        segments: Range<u32>,
    },
    /// Write the manifests anew with what was measured, and tell that the film is complete.
    Finish,
    /// Remove what was made of a film whose source was refused or that was replaced or deleted, and
    /// tell so.
    Clear {
        /// Once more, now that nobody can be writing any more who had not heard of it.
        again: bool,
    },
}

/// Columns that are no work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the columns describe no work")]
pub(crate) struct NoSuchWork;

impl Work {
    /// The role that does it.
    pub(crate) const fn queue(&self) -> Queue {
        match self {
            Self::Plan | Self::Clear { .. } => Queue::Plan,
            _ => Queue::Encode,
        }
    }

    /// As it stands in a row. In a film, sound sorts before picture: it costs little.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Video { .. } => "video",
            Self::Audio { .. } => "audio",
            Self::Finish => "finish",
            Self::Clear { .. } => "clear",
        }
    }

    /// Whether it is given up after some attempts. What removes is not: nothing may be left behind.
    pub(crate) const fn may_fail(&self) -> bool {
        !matches!(self, Self::Clear { .. })
    }

    /// The tracks it makes, as text.
    pub(crate) fn tracks_text(&self) -> String {
        match self {
            Self::Plan | Self::Finish => String::new(),
            Self::Clear { again } => String::from(if *again { "again" } else { "" }),
            Self::Video { rungs, .. } => rungs.join(","),
            Self::Audio { track, .. } => track.to_string(),
        }
    }

    /// The tracks it makes.
    pub(crate) fn tracks(&self) -> Vec<Track> {
        match self {
            Self::Plan | Self::Finish | Self::Clear { .. } => Vec::new(),
            Self::Video { rungs, .. } => rungs.iter().cloned().map(Track::Video).collect(),
            Self::Audio { track, .. } => vec![Track::Audio(*track)],
        }
    }

    /// The segments it makes; none for what makes no segments.
    pub(crate) fn segments(&self) -> Range<u32> {
        match self {
            Self::Plan | Self::Finish | Self::Clear { .. } => 0..0,
            Self::Video { segments, .. } | Self::Audio { segments, .. } => segments.clone(),
        }
    }

    /// Reads a row's columns.
    pub(crate) fn parse(
        kind: &str,
        tracks: &str,
        segments: Range<u32>,
    ) -> Result<Self, NoSuchWork> {
        match kind {
            "plan" => Ok(Self::Plan),
            "finish" => Ok(Self::Finish),
            "clear" => Ok(Self::Clear {
                again: tracks == "again",
            }),
            "video" => Ok(Self::Video {
                rungs: tracks.split(',').map(str::to_owned).collect(),
                segments,
            }),
            "audio" => match tracks.parse() {
                Ok(track) => Ok(Self::Audio { track, segments }),
                Err(_) => Err(NoSuchWork),
            },
            _ => Err(NoSuchWork),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_reads_back_from_its_columns() {
        let works = [
            Work::Plan,
            Work::Finish,
            Work::Clear { again: false },
            Work::Clear { again: true },
            Work::Audio {
                track: 1,
                segments: 0..15,
            },
            Work::Video {
                rungs: vec!["240p".to_owned(), "360p".to_owned()],
                segments: 5..10,
            },
        ];
        for work in works {
            let parsed = Work::parse(work.kind(), &work.tracks_text(), work.segments());
            assert_eq!(parsed, Ok(work));
        }
        assert_eq!(Work::parse("x", "", 0..0), Err(NoSuchWork));
    }
}
