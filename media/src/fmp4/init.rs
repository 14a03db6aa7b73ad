//! What an init segment says of its track.

use super::BoxError;

/// The one track of an init segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitInfo {
    /// Ticks a second.
    pub timescale: u32,
    /// RFC 6381 codec string.
    pub codec: String,
    /// Pixels across, 0 for sound.
    pub width: u32,
    /// Pixels down, 0 for sound.
    pub height: u32,
    /// Channels, 0 for picture.
    pub channels: u32,
    /// Duration of a sample unless a fragment says otherwise (`trex`).
    pub default_duration: u32,
    /// Size of a sample unless a fragment says otherwise (`trex`).
    pub default_size: u32,
    /// Flags of a sample unless a fragment says otherwise (`trex`).
    pub default_flags: u32,
}

impl InitInfo {
    /// Reads `ftyp` and `moov`.
    pub fn parse(_init: &[u8]) -> Result<Self, BoxError> {
        Err(BoxError::Missing("moov"))
    }
}
