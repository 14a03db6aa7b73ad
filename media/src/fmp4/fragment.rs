//! What a fragment holds, and giving it its place in the film.

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
    /// Further samples that are sync samples.
    pub later_syncs: u32,
    /// Earliest presentation time minus the base decode time, ticks.
    pub first_presentation_offset: i64,
    /// Latest end of presentation minus the base decode time, ticks.
    pub presentation_end_offset: i64,
    /// Bytes of all samples.
    pub payload_bytes: u64,
}

impl FragmentInfo {
    /// Reads a fragment (`styp` before it is skipped).
    pub fn parse(_fragment: &[u8], _init: &InitInfo) -> Result<Self, BoxError> {
        Err(BoxError::Missing("moof"))
    }
}

/// The fragment as it is stored: `styp` before it, its number and decode time set.
pub fn restamp(
    _fragment: &[u8],
    _sequence_number: u32,
    _base_decode_time: u64,
) -> Result<Vec<u8>, BoxError> {
    Err(BoxError::Missing("moof"))
}
