//! HLS playlists.

use std::collections::BTreeMap;

use crate::plan::Plan;

/// Measured bit rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bandwidth {
    /// The largest bit rate of any segment, bit/s.
    pub peak: u64,
    /// The average over the film, bit/s.
    pub average: u64,
}

/// What was measured of a film that is complete; empty at plan time.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Measured {
    /// By the rung's name.
    pub video: BTreeMap<String, Bandwidth>,
    /// By track number.
    pub audio: BTreeMap<u32, Bandwidth>,
}

/// `master.m3u8`
pub fn master(_plan: &Plan, _measured: &Measured) -> String {
    String::new()
}

/// `v/{rung}/playlist.m3u8`
pub fn video_playlist(_plan: &Plan) -> String {
    String::new()
}

/// `a/{track}/playlist.m3u8`
pub fn audio_playlist(_plan: &Plan) -> String {
    String::new()
}
