//! Whether what an encoder made is what the plan says.

use crate::fmp4::{BoxError, FragmentInfo, InitInfo};
use crate::grid::{AAC_FRAME, AUDIO_RATE, Grid, Segment};
use crate::ladder::{Rung, Size};
use crate::plan::AudioTrack;

/// An output is not what the plan says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValidateError {
    /// Not readable at all.
    #[error("the encoder's output cannot be read")]
    Unreadable(#[from] BoxError),
    /// Frames lost or doubled.
    #[error("the segment has {found} frames; the plan says {planned}")]
    FrameCount {
        /// Frames found.
        found: u32,
        /// Frames planned.
        planned: u32,
    },
    /// A player could not start here.
    #[error("the segment does not start with a keyframe")]
    NoKeyframe,
    /// Wrong length, in ticks.
    #[error("the segment lasts {found} ticks; the plan says {planned}")]
    Duration {
        /// Ticks found.
        found: u64,
        /// Ticks planned.
        planned: u64,
    },
    /// The picture starts early or late, or not every frame is shown until the next.
    #[error("the segment is shown from {start} to {end} ticks; the plan says 0 to {planned}")]
    Presentation {
        /// First tick shown.
        start: i64,
        /// End of the last frame shown.
        end: i64,
        /// Ticks planned.
        planned: u64,
    },
    /// Other than announced in the manifest.
    #[error("the codec is {found}; the plan says {planned}")]
    Codec {
        /// Codec string found.
        found: String,
        /// Codec string planned.
        planned: String,
    },
    /// Another picture size.
    #[error("the picture is {}×{}; the plan says {}×{}", found.width, found.height, planned.width, planned.height)]
    PictureSize {
        /// Size found.
        found: Size,
        /// Size planned.
        planned: Size,
    },
    /// Not at its place on the grid.
    #[error("the segment starts at tick {found}; the plan says {planned}")]
    Start {
        /// Tick found.
        found: u64,
        /// Tick planned.
        planned: u64,
    },
    /// Another unit of time.
    #[error("the track counts {found} ticks a second; the plan says {planned}")]
    Timescale {
        /// Timescale found.
        found: u32,
        /// Timescale planned.
        planned: u32,
    },
    /// Another number of channels.
    #[error("the sound has {found} channels; the plan says {planned}")]
    Channels {
        /// Channels found.
        found: u32,
        /// Channels planned.
        planned: u32,
    },
    /// No bytes in the samples.
    #[error("the segment has no content")]
    Empty,
}

/// Judges the init segment of a rung.
pub fn video_init(grid: &Grid, rung: &Rung, init: &InitInfo) -> Result<(), ValidateError> {
    let found = Size {
        width: init.width,
        height: init.height,
    };
    if found != rung.size {
        return Err(ValidateError::PictureSize {
            found,
            planned: rung.size,
        });
    }
    same_codec(&init.codec, &rung.codec)?;
    same_timescale(init.timescale, grid.timescale())
}

/// Judges a video segment as [`crate::fmp4::restamp`] returned it: it must start at its place
/// on the grid, for decoding and for showing.
pub fn video_segment(
    grid: &Grid,
    segment: Segment,
    fragment: &FragmentInfo,
) -> Result<(), ValidateError> {
    counted(fragment, segment.frames)?;
    let planned = u64::from(segment.frames) * u64::from(grid.frame_ticks());
    if fragment.duration != planned {
        return Err(ValidateError::Duration {
            found: fragment.duration,
            planned,
        });
    }
    let (start, end) = (
        fragment.first_presentation_offset,
        fragment.presentation_end_offset,
    );
    if start != 0 || u64::try_from(end) != Ok(planned) || !fragment.gapless {
        return Err(ValidateError::Presentation {
            start,
            end,
            planned,
        });
    }
    Ok(())
}

/// Judges the init segment of a sound track.
pub fn audio_init(track: &AudioTrack, init: &InitInfo) -> Result<(), ValidateError> {
    same_codec(&init.codec, AudioTrack::CODEC)?;
    if init.channels != track.channels {
        return Err(ValidateError::Channels {
            found: init.channels,
            planned: track.channels,
        });
    }
    same_timescale(init.timescale, AUDIO_RATE)
}

/// Judges a segment of a sound track.
pub fn audio_segment(
    grid: &Grid,
    segment: u32,
    fragment: &FragmentInfo,
) -> Result<(), ValidateError> {
    let frames = grid.audio_frames(segment);
    let frames = u32::try_from(frames.end - frames.start).unwrap_or(u32::MAX);
    counted(fragment, frames)?;
    let planned = u64::from(frames) * u64::from(AAC_FRAME);
    if fragment.duration != planned {
        return Err(ValidateError::Duration {
            found: fragment.duration,
            planned,
        });
    }
    Ok(())
}

fn counted(fragment: &FragmentInfo, planned: u32) -> Result<(), ValidateError> {
    if fragment.samples != planned {
        return Err(ValidateError::FrameCount {
            found: fragment.samples,
            planned,
        });
    }
    if !fragment.starts_with_sync {
        return Err(ValidateError::NoKeyframe);
    }
    if fragment.payload_bytes == 0 {
        return Err(ValidateError::Empty);
    }
    Ok(())
}

fn same_codec(found: &str, planned: &str) -> Result<(), ValidateError> {
    if found == planned {
        return Ok(());
    }
    Err(ValidateError::Codec {
        found: found.to_owned(),
        planned: planned.to_owned(),
    })
}

fn same_timescale(found: u32, planned: u32) -> Result<(), ValidateError> {
    if found == planned {
        Ok(())
    } else {
        Err(ValidateError::Timescale { found, planned })
    }
}
