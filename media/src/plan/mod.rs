//! The plan: what is made of a source, decided once and never changed.

mod build;
mod keys;
mod subtitles;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use build::{PlanError, PlanSettings};
pub use keys::{NoSuchPath, ObjectRef, SegmentRef, all_folders, folder};
pub use subtitles::SubtitleTrack;

use crate::grid::Grid;
use crate::ladder::{Rung, Size};
use crate::probe::{Chapter, VideoStream};
use crate::time::Micros;

/// The version of the stored form that this code writes and reads.
pub const SCHEMA: u32 = 1;

/// What is made of one source: encoders, manifests, seeding and players all follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this form; [`SCHEMA`].
    pub schema: u32,
    /// The film.
    pub video_id: String,
    /// Which plan of the film this is, from 1.
    pub revision: u32,
    /// The film's zero in source time: picture and sound are both counted from here.
    pub origin: Micros,
    /// The cut. In a film of sound only its frames are AAC frames.
    pub grid: Grid,
    /// Qualities, smallest first; none in a film of sound only.
    pub rungs: Vec<Rung>,
    /// Sound tracks; the first is the default.
    pub audio: Vec<AudioTrack>,
    /// Subtitle tracks; none in plans of older programs.
    #[serde(default)]
    pub subtitles: Vec<SubtitleTrack>,
    /// Chapters, counted from the film's zero.
    pub chapters: Vec<Chapter>,
    /// What an encoder must know of the source.
    pub source: SourceFacts,
}

/// What an encoder must know of the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// `ffprobe`'s format name.
    pub container: String,
    /// The source's picture.
    pub video: Option<VideoStream>,
    /// Every how manieth source frame is kept (a source above 60 frames a second).
    pub keep_every: u32,
    /// Stream index of cover art: the poster of a film of sound only.
    pub attached_pic: Option<u32>,
    /// The container's start in source time.
    pub start_time: Micros,
    /// The container's length.
    pub duration: Micros,
}

/// One sound track of the film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// Its stream in the source.
    pub stream_index: u32,
    /// The source's codec.
    pub source_codec: String,
    /// First sample's time in source time.
    pub source_start: Micros,
    /// The source's channels.
    pub source_channels: u32,
    /// ISO 639 language.
    pub language: Option<String>,
    /// What the track is called.
    pub title: String,
    /// Channels made of it.
    pub channels: u32,
    /// Bit rate of the encoder, kbit/s.
    pub bitrate_kbps: u32,
}

impl AudioTrack {
    /// RFC 6381 codec string: AAC-LC.
    pub const CODEC: &'static str = "mp4a.40.2";

    /// The most a segment takes, bit/s: the encoder's rate wavers, and boxes come on top.
    pub fn estimated_peak(&self) -> u64 {
        u64::from(self.bitrate_kbps) * 1150 + 8_000
    }

    /// What the track takes on average, bit/s.
    pub fn estimated_average(&self) -> u64 {
        u64::from(self.bitrate_kbps) * 1000 + 6_000
    }
}

/// A stored plan could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanReadError {
    /// No JSON of this form.
    #[error("the stored plan could not be read")]
    Json(#[source] serde_json::Error),
    /// Written by other code.
    #[error("the stored plan has version {found}; this program reads {SCHEMA}")]
    Schema {
        /// The version found.
        found: u32,
    },
    /// Its numbers do not fit together.
    #[error("the stored plan's numbers do not fit together")]
    Inconsistent,
}

impl Plan {
    /// Reads a stored plan.
    pub fn from_json(json: &[u8]) -> Result<Self, PlanReadError> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let version: Version = serde_json::from_slice(json).map_err(PlanReadError::Json)?;
        if version.schema != SCHEMA {
            return Err(PlanReadError::Schema {
                found: version.schema,
            });
        }
        let plan: Self = serde_json::from_slice(json).map_err(PlanReadError::Json)?;
        let playable = !(plan.rungs.is_empty() && plan.audio.is_empty());
        if plan.grid.is_consistent() && playable {
            Ok(plan)
        } else {
            Err(PlanReadError::Inconsistent)
        }
    }

    /// The stored form: the same bytes for the same plan.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(self)
    }

    /// The film's length.
    pub fn duration(&self) -> Micros {
        self.grid.duration()
    }

    /// The rung of that name.
    pub fn rung(&self, name: &str) -> Option<&Rung> {
        self.rungs.iter().find(|rung| rung.name == name)
    }

    /// The track of that number.
    pub fn track(&self, track: u32) -> Option<&AudioTrack> {
        self.audio.get(usize::try_from(track).ok()?)
    }

    /// The numbers of the audio tracks.
    pub fn track_numbers(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.audio.len()).unwrap_or(u32::MAX)
    }

    /// The largest picture; `None` for sound only.
    pub fn largest(&self) -> Option<Size> {
        self.rungs.last().map(|rung| rung.size)
    }

    /// Every media segment of the film, without the init segments.
    pub fn segment_refs(&self) -> impl Iterator<Item = SegmentRef> + '_ {
        let video = self.rungs.iter().flat_map(|rung| {
            (0..self.grid.segment_count).map(|n| SegmentRef::Video {
                rung: rung.name.clone(),
                n,
            })
        });
        let audio = self.track_numbers().flat_map(|track| {
            (0..self.grid.segment_count).map(move |n| SegmentRef::Audio { track, n })
        });
        video.chain(audio)
    }

    /// How many media segments the film has.
    pub fn segment_total(&self) -> u64 {
        let tracks = self.rungs.len().saturating_add(self.audio.len());
        u64::from(self.grid.segment_count).saturating_mul(u64::try_from(tracks).unwrap_or(u64::MAX))
    }
}
