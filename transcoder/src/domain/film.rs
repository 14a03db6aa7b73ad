//! A revision of a video, as the transcoder sees it.

use std::fmt;
use std::str::FromStr;

use media::Plan;
use schemas::VideoId;

/// Names one revision of one video.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FilmKey {
    /// The video.
    pub(crate) video: VideoId,
    /// Which plan of it.
    pub(crate) revision: u32,
}

impl FilmKey {
    /// The film that was told of as `revision` of `video`; an older service, which knew of one alone,
    /// told none.
    pub(crate) fn told(video: VideoId, revision: u32) -> Self {
        Self {
            video,
            revision: revision.max(1),
        }
    }

    /// The folder of all its objects, with a slash at its end.
    pub(crate) fn folder(&self) -> String {
        media::plan::folder(self.video.as_str(), self.revision)
    }
}

impl fmt::Display for FilmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.video, self.revision)
    }
}

/// How far a film is. States only move forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilmState {
    /// The source is there.
    Uploaded,
    /// There is a plan; segments are being made.
    Planned,
    /// Every planned segment exists.
    Transcoded,
    /// It will never be complete.
    Failed,
    /// A newer revision took its place: it is gone, or is being removed. The row stays, as that of a
    /// deleted one.
    Replaced,
    /// It is gone, or is being removed. The row stays, so that late news does not bring it back.
    Deleted,
}

impl FilmState {
    /// As it stands in a row.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Planned => "planned",
            Self::Transcoded => "transcoded",
            Self::Failed => "failed",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
        }
    }
}

/// A row's text that is no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is no state of a film")]
pub(crate) struct NoSuchState;

impl FromStr for FilmState {
    type Err = NoSuchState;

    fn from_str(text: &str) -> Result<Self, NoSuchState> {
        [
            Self::Uploaded,
            Self::Planned,
            Self::Transcoded,
            Self::Failed,
            Self::Replaced,
            Self::Deleted,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or(NoSuchState)
    }
}

/// A film.
#[derive(Debug, Clone)]
pub(crate) struct Film {
    /// Its name.
    pub(crate) key: FilmKey,
    /// Object key of the source.
    pub(crate) source_key: String,
    /// How far it is.
    pub(crate) state: FilmState,
    /// The plan; `None` until there is one.
    pub(crate) plan: Option<Plan>,
    /// When its upload was taken in.
    pub(crate) created_ms: i64,
    /// It goes live when its lowest rung is complete.
    pub(crate) lowest_first: bool,
    /// Seconds of the longest film that is taken from its owner; 0: any.
    pub(crate) longest_s: u32,
}
