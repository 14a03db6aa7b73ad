//! What a fragment holds, and giving it its place in the film.

use super::samples::{Sample, Samples, write_segment};
use super::{BoxError, InitInfo};

/// One `moof` with its `mdat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentInfo {
    /// Samples.
    pub samples: u32,
    /// Sum of all sample durations, ticks.
    pub duration: u64,
    /// Decode time of the first sample, ticks.
    pub base_decode_time: u64,
    /// The first sample can be decoded alone.
    pub starts_with_sync: bool,
    /// Further samples that can be decoded alone.
    pub later_syncs: usize,
    /// Earliest presentation time (by the edit list) minus the base decode time, ticks: zero once
    /// it has its place.
    pub first_presentation_offset: i64,
    /// Latest end of presentation minus the base decode time, ticks.
    pub presentation_end_offset: i64,
    /// Every sample is shown until the next one is: no gap, no overlap.
    pub gapless: bool,
    /// Bytes of all samples.
    pub payload_bytes: usize,
}

impl FragmentInfo {
    /// Reads a fragment; a `styp` before it is skipped.
    pub fn parse(fragment: &[u8], init: &InitInfo) -> Result<Self, BoxError> {
        let read = Samples::parse(fragment, init)?;
        let after = i64::try_from(init.shown_after.unwrap_or(0)).unwrap_or(i64::MAX);
        let by_edit =
            |(start, end): (i64, i64)| (start.saturating_sub(after), end.saturating_sub(after));
        let mut shown: Vec<_> = read.presentation().map(by_edit).collect();
        shown.sort_unstable();
        let gapless = shown
            .iter()
            .zip(shown.iter().skip(1))
            .all(|(one, next)| one.1 == next.0);
        Ok(Self {
            samples: u32::try_from(read.list.len())
                .ok()
                .ok_or(BoxError::Invalid("sample count"))?,
            duration: read.duration(),
            base_decode_time: read.base_decode_time,
            starts_with_sync: read.list.first().is_some_and(Sample::is_sync),
            later_syncs: read
                .list
                .iter()
                .skip(1)
                .filter(|sample| sample.is_sync())
                .count(),
            first_presentation_offset: shown.first().map_or(0, |(start, _)| *start),
            presentation_end_offset: shown.iter().map(|(_, end)| *end).max().unwrap_or(0),
            gapless,
            payload_bytes: read.payload.len(),
        })
    }
}

/// The segment as it is stored; `init` is what [`super::cmaf_init`] made.
///
/// `styp` comes first, number and decode time are set, and composition offsets are moved so that,
/// by the edit list of `init`, the first frame is shown at the decode time.
///
/// An encoder that reorders frames delays all of them by a frame or two; left in, sound would
/// lead the picture.
pub fn restamp(
    fragment: &[u8],
    init: &InitInfo,
    sequence_number: u32,
    base_decode_time: u64,
) -> Result<Vec<u8>, BoxError> {
    let shown_after = init
        .shown_after
        .ok_or(BoxError::Missing("edit list: pass the stored init"))?;
    let read = Samples::parse(fragment, init)?;
    write_segment(
        sequence_number,
        base_decode_time,
        shown_after,
        &read.list,
        &[read.payload],
    )
}
