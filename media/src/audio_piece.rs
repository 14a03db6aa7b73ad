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
        sample_time(self.first_sample)
    }

    /// When the last sample to feed is over, from the film's common zero.
    pub fn end_time(&self) -> Micros {
        sample_time(self.first_sample.saturating_add(self.samples))
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

fn sample_time(sample: u64) -> Micros {
    let micros = u128::from(sample) * 1_000_000 / u128::from(AUDIO_RATE);
    Micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::AudioPiece;
    use crate::grid::Grid;
    use crate::testing::any_grid;
    use crate::time::Micros;
    use proptest::prelude::*;

    #[test]
    fn a_piece_is_encoded_from_before_its_start_to_after_its_end() {
        let grid = Grid::new("25/1".parse().unwrap(), 25 * 60);
        let first = AudioPiece::new(&grid, 0..1).unwrap();
        assert_eq!((first.first_sample, first.samples), (0, (188 + 4) * 1024));
        assert_eq!((first.skip_packets, first.keep_packets()), (1, 188));

        let second = AudioPiece::new(&grid, 1..3).unwrap();
        assert_eq!(second.frames, 188..563);
        assert_eq!(second.first_sample, (188 - 8) * 1024);
        assert_eq!(second.skip_packets, 9);
        assert_eq!(second.start_time(), Micros(3_840_000));
        assert_eq!(second.packets_of(&grid, 2), Some(9 + 187..9 + 375));
        assert_eq!(second.packets_of(&grid, 0), None);
        assert_eq!(AudioPiece::new(&grid, 3..3), None);
        assert_eq!(AudioPiece::new(&grid, 14..16), None);
    }

    proptest! {
        #[test]
        fn pieces_give_every_frame_of_the_track_once(grid in any_grid(), cut in any::<u32>()) {
            let cut = cut % grid.segment_count;
            let pieces = [0..cut, cut..grid.segment_count];
            let mut next = 0;
            for piece in pieces.into_iter().filter_map(|run| AudioPiece::new(&grid, run)) {
                prop_assert_eq!(piece.frames.start, next);
                // In one continuous encode frame g is packet g + 1.
                let offset = piece.first_sample / 1024;
                prop_assert_eq!(offset + piece.skip_packets, piece.frames.start + 1);
                let emitted = piece.samples / 1024 + 1;
                prop_assert!(piece.skip_packets + piece.keep_packets() <= emitted);
                next = piece.frames.end;
            }
            prop_assert_eq!(next, grid.audio_boundary(grid.segment_count));
        }
    }
}
