//! Writing AAC tracks.

use super::{AudioConfig, BoxError};

/// `init.mp4` of an AAC track.
pub fn audio_init(_config: AudioConfig, _bitrate_kbps: u32) -> Vec<u8> {
    Vec::new()
}

/// A segment of raw AAC frames whose first is frame `first_frame` of the track.
pub fn audio_segment(
    _sequence_number: u32,
    _first_frame: u64,
    _frames: &[&[u8]],
) -> Result<Vec<u8>, BoxError> {
    Err(BoxError::Missing("frames"))
}
