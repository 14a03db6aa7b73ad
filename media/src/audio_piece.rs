//! What to encode for a run of audio segments, so that joints cannot be heard.
//!
//! An AAC frame overlaps its neighbours, and an encoder's first packets are priming. A piece is
//! therefore encoded from a few frames before its first to a few after its last, and only the
//! packets of its own frames are kept. In one continuous encode packet 0 is priming; frame `g` of
//! our track is packet `g + 1`.

use std::ops::Range;

use crate::grid::{AAC_FRAME, AUDIO_RATE, Grid};
use crate::time::Micros;

/// Frames encoded before a piece's first and dropped again.
const PREROLL_FRAMES: u64 = 8;
/// Frames encoded after a piece's last and dropped again.
const POSTROLL_FRAMES: u64 = 4;
/// Packets an encoder emits before the one that starts with the first input sample.
const PRIMING_PACKETS: u64 = 1;

/// One encode of one audio track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioPiece {
    /// The segments it yields.
    pub segments: Range<u32>,
    /// The track's AAC frames it yields.
    pub frames: Range<u64>,
    /// First sample (48 kHz, from the film's common zero) to feed to the encoder.
    pub first_sample: u64,
    /// How many samples to feed: silence where the source has none.
    pub samples: u64,
    /// Packets to drop from the start of what the encoder emits.
    pub skip_packets: u64,
}

impl AudioPiece {
    /// The encode for segments `segments` of the film; `None` when there are none.
    pub fn new(grid: &Grid, segments: Range<u32>) -> Option<Self> {
        if segments.start >= segments.end || segments.end > grid.segment_count {
            return None;
        }
        let frames = grid.audio_boundary(segments.start)..grid.audio_boundary(segments.end);
        let encode_start = frames.start.saturating_sub(PREROLL_FRAMES);
        let encode_end = frames.end + POSTROLL_FRAMES;
        Some(Self {
            first_sample: encode_start * u64::from(AAC_FRAME),
            samples: (encode_end - encode_start) * u64::from(AAC_FRAME),
            skip_packets: frames.start - encode_start + PRIMING_PACKETS,
            segments,
            frames,
        })
    }

    /// When the first sample to feed lies, from the film's common zero.
    pub fn start_time(&self) -> Micros {
        let micros = u128::from(self.first_sample) * 1_000_000 / u128::from(AUDIO_RATE);
        Micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// Packets to keep after the dropped ones.
    pub fn keep_packets(&self) -> u64 {
        self.frames.end - self.frames.start
    }

    /// Which of the emitted packets make segment `segment`; `None` when it is not of this piece.
    pub fn packets_of(&self, grid: &Grid, segment: u32) -> Option<Range<usize>> {
        if !self.segments.contains(&segment) {
            return None;
        }
        let frames = grid.audio_frames(segment);
        let index = |frame: u64| {
            usize::try_from(frame.checked_sub(self.frames.start)? + self.skip_packets).ok()
        };
        Some(index(frames.start)?..index(frames.end)?)
    }
}
