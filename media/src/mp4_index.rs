//! Which bytes of an MP4 source a task needs.

use std::ops::Range;

use crate::fmp4::BoxError;
use crate::time::Micros;

/// What to do next to find the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// Fetch these bytes and ask again.
    Fetch(Range<u64>),
    /// The whole `moov` box lies here: fetch it and read it with [`Mp4Index::parse`].
    Moov(Range<u64>),
    /// There is no usable index: stage the whole file.
    None,
}

/// The index of an MP4 source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mp4Index {
    tracks: Vec<()>,
}

impl Mp4Index {
    /// Reads a `moov` box.
    pub fn parse(_moov: &[u8]) -> Result<Self, BoxError> {
        Err(BoxError::Missing("moov"))
    }

    /// The bytes needed to decode `[from, to)` of the tracks at these stream indexes.
    pub fn ranges(&self, _tracks: &[u32], _from: Micros, _to: Micros) -> Vec<Range<u64>> {
        let _ = &self.tracks;
        Vec::new()
    }
}
