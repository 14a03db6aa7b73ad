//! Topic names. Names on a broker are configuration (a prefix); these are the defaults.

use std::fmt;
use std::str::FromStr;

/// A topic of events. The message key is the video's id on all but the last, so that what concerns
/// one video stays in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// `VideoUploaded`: ingress → planner.
    Transcode,
    /// `EncodeTask`, wanted by a player now: origin → transcoder.
    TranscodeUrgent,
    /// `VideoPlanned`, `ChunkEncoded`, `TaskFailed`: transcoder → everyone who shows progress.
    TranscodeProgress,
    /// `VideoPlayable`, `VideoTranscoded`: transcoder → post-processor.
    PostTranscode,
    /// `UploadStarted`, `UploadAbandoned`, `VideoLive`, `VideoChanged`, `VideoFailed`,
    /// `VideoDeleted`, `VideoErased`: owners of state → catalogue, indexer, edges, integrators.
    Videos,
    /// `AccountChanged`, `AccountDeleted`, by the user's id: accounts → owners of what users own.
    Accounts,
}

/// A name that is no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no topic named {0:?}")]
pub struct UnknownTopic(String);

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] = [
        Self::Transcode,
        Self::TranscodeUrgent,
        Self::TranscodeProgress,
        Self::PostTranscode,
        Self::Videos,
        Self::Accounts,
    ];

    /// The topic's default name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transcode => "transcode",
            Self::TranscodeUrgent => "transcode-urgent",
            Self::TranscodeProgress => "transcode-progress",
            Self::PostTranscode => "post-transcode",
            Self::Videos => "videos",
            Self::Accounts => "accounts",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(name: &str) -> Result<Self, UnknownTopic> {
        Self::ALL
            .into_iter()
            .find(|topic| topic.name() == name)
            .ok_or_else(|| UnknownTopic(name.to_owned()))
    }
}
