//! The segment grid: whole frames of picture, whole AAC frames of sound, the same on every rung.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::rate::Rational;
use crate::time::Micros;

/// Samples a second of every audio track.
pub const AUDIO_RATE: u32 = 48_000;
/// Samples in one AAC frame.
pub const AAC_FRAME: u32 = 1024;
/// What a segment should last.
const NOMINAL_SEGMENT: Micros = Micros::from_secs(4);
/// A remainder shorter than this joins the segment before it.
const SHORTEST_LAST: Micros = Micros::from_secs(1);
/// About what a bulk task should last: one decode start for many segments.
const NOMINAL_CHUNK: Micros = Micros::from_secs(20);

/// How many frames an encoder may hold back to reorder them; x264 with its pyramid needs two.
const REORDER_FRAMES: u32 = 2;

/// The frame rate of AAC at 48 kHz; the grid of a film that is sound only.
pub const AUDIO_FRAME_RATE: Rational = match Rational::new(AUDIO_RATE, AAC_FRAME) {
    Some(rate) => rate,
    None => Rational::ONE,
};

/// A film cut into segments. `segment_count` is stored, so that the cut of a stored plan does not
/// depend on the rule of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// The constant frame rate.
    pub frame_rate: Rational,
    /// All frames of the film, at least one.
    pub total_frames: u64,
    /// Frames of every segment but the last.
    pub segment_frames: u32,
    /// Segments, at least one. The last takes all frames that are left.
    pub segment_count: u32,
}

/// One segment's frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its number, from 0.
    pub index: u32,
    /// Its first frame, counted from the film's first.
    pub first_frame: u64,
    /// How many frames it has.
    pub frames: u32,
}

impl Grid {
    /// Cuts a film of `total_frames` (taken as at least one).
    pub fn new(frame_rate: Rational, total_frames: u64) -> Self {
        let total_frames = total_frames.max(1);
        let wished = frame_rate.micros_to_frames_round(NOMINAL_SEGMENT).max(1);
        let segment_frames = u32::try_from(wished).unwrap_or(u32::MAX);
        let step = u64::from(segment_frames);
        let (full, rest) = (total_frames / step, total_frames % step);
        let rest_is_long = frame_rate.frames_to_micros(rest) >= SHORTEST_LAST;
        let count = if full == 0 || (rest > 0 && rest_is_long) {
            full + 1
        } else {
            full
        };
        let segment_count = u32::try_from(count).unwrap_or(u32::MAX);
        Self {
            frame_rate,
            total_frames,
            segment_frames,
            segment_count,
        }
    }

    /// Whether the numbers fit together: no empty segment, nothing lost.
    pub fn is_consistent(&self) -> bool {
        let before_last = u64::from(self.segment_count.saturating_sub(1))
            .saturating_mul(u64::from(self.segment_frames));
        let last = self.total_frames.saturating_sub(before_last);
        self.segment_count > 0 && self.segment_frames > 0 && last > 0 && u32::try_from(last).is_ok()
    }

    /// The segment of that number.
    pub fn segment(&self, index: u32) -> Option<Segment> {
        if index >= self.segment_count {
            return None;
        }
        let first_frame = u64::from(index) * u64::from(self.segment_frames);
        let frames = if index + 1 == self.segment_count {
            u32::try_from(self.total_frames.saturating_sub(first_frame)).ok()?
        } else {
            self.segment_frames
        };
        Some(Segment {
            index,
            first_frame,
            frames,
        })
    }

    /// All segments in order.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        (0..self.segment_count).filter_map(|index| self.segment(index))
    }

    /// The film's length, to the nearest microsecond.
    pub fn duration(&self) -> Micros {
        self.frame_rate.frames_to_micros(self.total_frames)
    }

    /// When frame `frame` is shown, counted from the film's first.
    pub fn frame_time(&self, frame: u64) -> Micros {
        self.frame_rate.frames_to_micros(frame)
    }

    /// First frame of segment `index`; of the film's end for `segment_count` and above.
    pub fn boundary_frame(&self, index: u32) -> u64 {
        if index >= self.segment_count {
            return self.total_frames;
        }
        u64::from(index) * u64::from(self.segment_frames)
    }

    /// When segment `index` starts.
    pub fn boundary_time(&self, index: u32) -> Micros {
        self.frame_time(self.boundary_frame(index))
    }

    /// The segment in which a moment lies; the last one for what is past the end.
    pub fn segment_at(&self, time: Micros) -> u32 {
        let frame = self.frame_rate.micros_to_frames_floor(time);
        let index = frame / u64::from(self.segment_frames.max(1));
        u32::try_from(index)
            .unwrap_or(u32::MAX)
            .min(self.segment_count.saturating_sub(1))
    }

    /// Ticks a second of the video tracks.
    pub fn timescale(&self) -> u32 {
        self.frame_rate.num()
    }

    /// Ticks of one frame.
    pub fn frame_ticks(&self) -> u32 {
        self.frame_rate.den()
    }

    /// By how many ticks showing lags behind decoding, so that no frame is shown before it is
    /// decoded. The edit list in a rung's init segment takes it back.
    pub fn reorder_ticks(&self) -> u64 {
        u64::from(REORDER_FRAMES) * u64::from(self.frame_ticks())
    }

    /// The decode time of segment `index` in ticks: its `tfdt`.
    pub fn boundary_ticks(&self, index: u32) -> u64 {
        self.boundary_frame(index)
            .saturating_mul(u64::from(self.frame_ticks()))
    }

    /// First AAC frame of audio segment `index`: the frame boundary nearest to the picture's cut.
    /// The film's end is rounded up, so that sound never stops before the picture.
    pub fn audio_boundary(&self, index: u32) -> u64 {
        let ticks = u128::from(self.boundary_frame(index))
            * u128::from(self.frame_ticks())
            * u128::from(AUDIO_RATE);
        let unit = u128::from(self.timescale()) * u128::from(AAC_FRAME);
        let frames = if index >= self.segment_count {
            ticks.div_ceil(unit)
        } else {
            (2 * ticks + unit) / (2 * unit)
        };
        u64::try_from(frames).unwrap_or(u64::MAX)
    }

    /// The AAC frames of audio segment `index`.
    pub fn audio_frames(&self, index: u32) -> Range<u64> {
        self.audio_boundary(index)..self.audio_boundary(index.saturating_add(1))
    }

    /// The film as runs of segments of about 20 s: what one bulk task encodes.
    pub fn chunks(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        (0..self.chunk_count()).map(|index| self.chunk(index))
    }

    /// How many bulk chunks there are.
    pub fn chunk_count(&self) -> u32 {
        self.segment_count.div_ceil(self.segments_per_chunk())
    }

    /// The segments of bulk chunk `index`; empty past the end.
    pub fn chunk(&self, index: u32) -> Range<u32> {
        let step = self.segments_per_chunk();
        let start = index.saturating_mul(step).min(self.segment_count);
        start..start.saturating_add(step).min(self.segment_count)
    }

    /// The bulk chunk that a segment lies in.
    pub fn chunk_of(&self, segment: u32) -> u32 {
        segment / self.segments_per_chunk()
    }

    fn segments_per_chunk(&self) -> u32 {
        let segment = self
            .frame_rate
            .frames_to_micros(u64::from(self.segment_frames))
            .0
            .max(1);
        let nearest = (NOMINAL_CHUNK.0 + segment / 2) / segment;
        u32::try_from(nearest).unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{AAC_FRAME, AUDIO_RATE, Grid};
    use crate::testing::any_grid;
    use crate::time::Micros;
    use proptest::prelude::*;

    fn grid(rate: &str, frames: u64) -> Grid {
        Grid::new(rate.parse().unwrap(), frames)
    }

    #[test]
    fn segments_last_about_four_seconds_in_whole_frames() {
        let segments = |rate, frames| -> Vec<u32> {
            grid(rate, frames)
                .segments()
                .map(|segment| segment.frames)
                .collect()
        };
        assert_eq!(segments("25/1", 132), [100, 32]);
        assert_eq!(segments("24000/1001", 200), [96, 96 + 8]);
        // A remainder under one second joins, one of a second stays.
        assert_eq!(segments("25/1", 124), [124]);
        assert_eq!(segments("25/1", 125), [100, 25]);
        assert_eq!(segments("25/1", 1), [1]);
        assert_eq!(segments("1/1", 9), [4, 4, 1]);
    }

    #[test]
    fn bulk_chunks_last_about_twenty_seconds() {
        let grid = grid("25/1", 25 * 90);
        assert_eq!(grid.chunk(0), 0..5);
        assert_eq!(grid.chunk(4), 20..23);
        assert!(grid.chunk(5).is_empty());
        assert_eq!(grid.chunk_of(22), 4);
    }

    proptest! {
        #[test]
        fn no_frame_is_lost_and_none_is_twice(grid in any_grid()) {
            prop_assert!(grid.is_consistent());
            let mut next = 0;
            for (n, segment) in (0..).zip(grid.segments()) {
                prop_assert_eq!(segment.index, n);
                prop_assert_eq!(segment.first_frame, next);
                prop_assert_eq!(grid.boundary_frame(n), next);
                prop_assert!(segment.frames > 0);
                next += u64::from(segment.frames);
            }
            prop_assert_eq!(next, grid.total_frames);
            prop_assert_eq!(grid.segments().count(), grid.segment_count as usize);
        }

        #[test]
        fn segments_but_for_a_short_film_last_one_to_six_seconds(grid in any_grid()) {
            let film = grid.duration();
            for n in 0..grid.segment_count {
                let length = grid.boundary_time(n + 1) - grid.boundary_time(n);
                prop_assert!(length >= Micros(999_999) || grid.segment_count == 1);
                prop_assert!(length < Micros(5_100_000), "{length} of {film}");
            }
        }

        #[test]
        fn sound_covers_the_picture_and_is_cut_within_half_a_frame(grid in any_grid()) {
            let half = i64::from(AAC_FRAME) * 1_000_000 / i64::from(AUDIO_RATE) / 2 + 1;
            let mut next = 0;
            for n in 0..grid.segment_count {
                let frames = grid.audio_frames(n);
                prop_assert_eq!(frames.start, next);
                prop_assert!(frames.end > frames.start);
                let cut = super::AUDIO_FRAME_RATE.frames_to_micros(frames.start);
                prop_assert!((cut - grid.boundary_time(n)).0.abs() <= half);
                next = frames.end;
            }
            let end = super::AUDIO_FRAME_RATE.frames_to_micros(next);
            prop_assert!(end + Micros(1) >= grid.duration());
            prop_assert!(end - grid.duration() <= Micros(21_334));
        }

        #[test]
        fn a_moment_lies_in_the_segment_that_shows_it(grid in any_grid(), at in 0.0_f64..1.0) {
            let length = grid.duration().as_secs_f64();
            let time = Micros::parse_seconds(&format!("{:.6}", length * at)).unwrap();
            let n = grid.segment_at(time);
            prop_assert!(grid.boundary_time(n) <= time + Micros(1));
            prop_assert!(n + 1 == grid.segment_count || time <= grid.boundary_time(n + 1));
        }

        #[test]
        fn bulk_chunks_are_all_segments_in_order(grid in any_grid()) {
            let mut next = 0;
            for (index, chunk) in (0..).zip(grid.chunks()) {
                prop_assert_eq!(chunk.start, next);
                prop_assert!(!chunk.is_empty());
                for segment in chunk.clone() {
                    prop_assert_eq!(grid.chunk_of(segment), index);
                }
                next = chunk.end;
            }
            prop_assert_eq!(next, grid.segment_count);
        }
    }
}
