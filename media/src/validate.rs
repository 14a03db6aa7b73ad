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
    /// The init segment does not take the reordering delay back.
    #[error("the edit list of the init segment is not the plan's")]
    EditList,
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

/// Judges the init segment of a rung as [`crate::fmp4::cmaf_init`] returned it.
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
    if init.shown_after != Some(grid.reorder_ticks()) {
        return Err(ValidateError::EditList);
    }
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
    starts_at(fragment, grid.boundary_ticks(segment.index))?;
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
    starts_at(
        fragment,
        grid.audio_boundary(segment) * u64::from(AAC_FRAME),
    )
}

fn starts_at(fragment: &FragmentInfo, planned: u64) -> Result<(), ValidateError> {
    let found = fragment.base_decode_time;
    if found == planned {
        Ok(())
    } else {
        Err(ValidateError::Start { found, planned })
    }
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

#[cfg(test)]
mod tests {
    use super::{ValidateError, audio_segment, video_init, video_segment};
    use crate::fmp4::{FragmentInfo, InitInfo};
    use crate::testing::plan;

    fn good() -> FragmentInfo {
        FragmentInfo {
            samples: 100,
            duration: 100,
            base_decode_time: 200,
            starts_with_sync: true,
            later_syncs: 0,
            first_presentation_offset: 0,
            presentation_end_offset: 100,
            gapless: true,
            payload_bytes: 5000,
        }
    }

    #[test]
    fn only_exactly_what_was_planned_is_good() {
        let plan = plan(true, 1, 60);
        let segment = plan.grid.segment(2).unwrap();
        let judge = |fragment: &FragmentInfo| video_segment(&plan.grid, segment, fragment);
        assert_eq!(judge(&good()), Ok(()));
        let short = FragmentInfo {
            samples: 99,
            ..good()
        };
        assert_eq!(
            judge(&short),
            Err(ValidateError::FrameCount {
                found: 99,
                planned: 100
            })
        );
        let delta = FragmentInfo {
            starts_with_sync: false,
            ..good()
        };
        assert_eq!(judge(&delta), Err(ValidateError::NoKeyframe));
        for wrong in [
            FragmentInfo {
                duration: 101,
                ..good()
            },
            FragmentInfo {
                base_decode_time: 0,
                ..good()
            },
            FragmentInfo {
                first_presentation_offset: 2,
                ..good()
            },
            FragmentInfo {
                presentation_end_offset: 102,
                ..good()
            },
            FragmentInfo {
                gapless: false,
                ..good()
            },
            FragmentInfo {
                payload_bytes: 0,
                ..good()
            },
        ] {
            assert!(judge(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_init_must_be_what_the_manifest_says() {
        let plan = plan(true, 1, 60);
        let rung = plan.rung("360p").unwrap();
        let good = InitInfo {
            timescale: 25,
            codec: "avc1.64001e".to_owned(),
            width: 640,
            height: 360,
            channels: 0,
            shown_after: Some(2),
            default_duration: 0,
            default_size: 0,
            default_flags: 0,
        };
        assert_eq!(video_init(&plan.grid, rung, &good), Ok(()));
        for wrong in [
            InitInfo {
                timescale: 12_800,
                ..good.clone()
            },
            InitInfo {
                codec: "avc1.4d401e".to_owned(),
                ..good.clone()
            },
            InitInfo {
                height: 362,
                ..good.clone()
            },
            InitInfo {
                shown_after: None,
                ..good
            },
        ] {
            assert!(video_init(&plan.grid, rung, &wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_piece_of_sound_is_counted_in_its_own_frames() {
        let plan = plan(true, 1, 60);
        let frames = plan.grid.audio_frames(1);
        let count = frames.end - frames.start;
        let good = FragmentInfo {
            samples: u32::try_from(count).unwrap(),
            duration: count * 1024,
            base_decode_time: frames.start * 1024,
            ..good()
        };
        assert_eq!(audio_segment(&plan.grid, 1, &good), Ok(()));
        assert!(audio_segment(&plan.grid, 2, &good).is_err());
    }
}
