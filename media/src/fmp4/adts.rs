//! AAC as encoders stream it (ADTS).

use super::BoxError;

/// How an AAC track is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioConfig {
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
}

/// An ADTS stream taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adts<'a> {
    /// What all its frames share.
    pub config: AudioConfig,
    /// The raw AAC frames, without their headers.
    pub frames: Vec<&'a [u8]>,
}

impl<'a> Adts<'a> {
    /// Takes a whole stream apart.
    pub fn parse(_stream: &'a [u8]) -> Result<Self, BoxError> {
        Err(BoxError::Missing("ADTS"))
    }
}
