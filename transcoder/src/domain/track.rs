//! What segments belong to.

use std::fmt;
use std::str::FromStr;

use media::plan::{ObjectRef, SegmentRef};

/// A run of numbered outputs of a film. Displayed as the folder or stem they share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Track {
    /// Segments of a rung.
    Video(String),
    /// Segments of a sound track.
    Audio(u32),
    /// Hover pictures, one a bulk chunk. They do not count as segments.
    Hover,
}

impl Track {
    /// Output `n` of this track.
    pub(crate) fn object(&self, n: u32) -> ObjectRef {
        match self {
            Self::Video(rung) => SegmentRef::Video {
                rung: rung.clone(),
                n,
            }
            .into(),
            Self::Audio(track) => SegmentRef::Audio { track: *track, n }.into(),
            Self::Hover => ObjectRef::Hover(n),
        }
    }

    /// The init segment, where there is one.
    pub(crate) fn init(&self) -> Option<ObjectRef> {
        match self {
            Self::Video(rung) => Some(ObjectRef::VideoInit(rung.clone())),
            Self::Audio(track) => Some(ObjectRef::AudioInit(*track)),
            Self::Hover => None,
        }
    }

    /// Whether its outputs are planned segments.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::Hover)
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Video(rung) => write!(f, "v/{rung}"),
            Self::Audio(track) => write!(f, "a/{track}"),
            Self::Hover => f.write_str("images/hover"),
        }
    }
}

/// Text that names no track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text names no track")]
pub(crate) struct NoSuchTrack;

impl FromStr for Track {
    type Err = NoSuchTrack;

    fn from_str(text: &str) -> Result<Self, NoSuchTrack> {
        match text.split_once('/') {
            Some(("v", rung)) => Ok(Self::Video(rung.to_owned())),
            Some(("a", track)) => track.parse().map(Self::Audio).ok().ok_or(NoSuchTrack),
            Some(("images", "hover")) => Ok(Self::Hover),
            _ => Err(NoSuchTrack),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for track in [
            Track::Video("360p".to_owned()),
            Track::Audio(3),
            Track::Hover,
        ] {
            assert_eq!(track.to_string().parse(), Ok(track));
        }
        assert_eq!("x/1".parse::<Track>(), Err(NoSuchTrack));
    }
}
