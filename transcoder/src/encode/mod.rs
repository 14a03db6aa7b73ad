//! What is asked of ffmpeg and what comes back: jobs, their arguments, their outputs.
//!
//! Arguments are built by pure functions; only [`crate::toolbox`] starts anything.

mod args;
pub(crate) mod audio;
mod cut_off;
mod even;
mod filters;
mod fragments;
pub(crate) mod images;
pub(crate) mod probe;
mod span;
pub(crate) mod subtitles;
pub(crate) mod video;

pub(crate) use args::Args;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use media::Plan;
use tokio_util::sync::CancellationToken;

use crate::staging::StagedSource;

/// Who waits for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// A player does: normal priority.
    Urgent,
    /// Nobody in particular: lowest priority.
    Bulk,
}

/// One decode that feeds all named rungs, for a run of segments.
#[derive(Debug, Clone)]
pub struct VideoJob {
    /// The law.
    pub plan: Arc<Plan>,
    /// The film, staged for [`crate::staging::Need::video`] of the segments.
    pub source: Arc<StagedSource>,
    /// Which segments: consecutive.
    pub segments: Range<u32>,
    /// Names of the rungs, as in the plan.
    pub rungs: Vec<String>,
    /// Pictures to take on the way.
    pub images: ImageWish,
    /// Who waits.
    pub urgency: Urgency,
    /// Ends the run: its processes are dead when the call returns.
    pub cancel: CancellationToken,
}

/// Pictures that a video job takes from the frames it decodes anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageWish {
    /// The poster; only a job whose segments begin with 0 can take it.
    pub poster: bool,
    /// Numbers of hover pictures whose frames lie in the job's segments.
    pub hover: Vec<u32>,
}

/// One track's sound, for a run of segments.
#[derive(Debug, Clone)]
pub struct AudioJob {
    /// The law.
    pub plan: Arc<Plan>,
    /// The film, staged for [`crate::staging::Need::audio`] of the segments.
    pub source: Arc<StagedSource>,
    /// Number of the track in the plan.
    pub track: u32,
    /// Which segments: consecutive.
    pub segments: Range<u32>,
    /// Who waits.
    pub urgency: Urgency,
    /// Ends the run: its processes are dead when the call returns.
    pub cancel: CancellationToken,
}

/// What a video job made: checked against the plan, ready to store.
#[derive(Debug, Clone)]
pub struct VideoOutput {
    /// In the order of the job's rungs.
    pub rungs: Vec<RungOutput>,
    /// The wished pictures.
    pub images: Vec<Image>,
}

/// One rung's part of the output.
#[derive(Debug, Clone)]
pub struct RungOutput {
    /// The rung's name.
    pub rung: String,
    /// `init.mp4`: the same bytes whichever job of the plan made it.
    pub init: Bytes,
    /// The segments in order.
    pub segments: Vec<SegmentBytes>,
}

/// What an audio job made: checked against the plan, ready to store.
#[derive(Debug, Clone)]
pub struct AudioOutput {
    /// `init.mp4`: the same bytes whichever job of the plan made it.
    pub init: Bytes,
    /// The segments in order.
    pub segments: Vec<SegmentBytes>,
}

/// A segment as it is stored.
#[derive(Debug, Clone)]
pub struct SegmentBytes {
    /// Its number.
    pub index: u32,
    /// `styp`, `moof`, `mdat`, with its final times.
    pub bytes: Bytes,
}

/// Which picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// The poster.
    Poster,
    /// A hover picture, by number.
    Hover(u32),
}

/// A picture as it is stored: JPEG.
#[derive(Debug, Clone)]
pub struct Image {
    /// Which.
    pub kind: ImageKind,
    /// JPEG.
    pub bytes: Bytes,
}
