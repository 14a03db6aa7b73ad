//! Cutting an encoder's growing output into init segment and fragments.

use super::BoxError;
use super::read::Header;

/// One part of a fragmented MP4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// `ftyp` and `moov`.
    Init(Vec<u8>),
    /// `moof` and `mdat`.
    Fragment(Vec<u8>),
}

/// Kind and bytes of a box.
type TopLevelBox = ([u8; 4], Vec<u8>);

/// Takes bytes as they arrive and gives whole parts.
#[derive(Debug)]
pub struct Splitter {
    limit: usize,
    buffer: Vec<u8>,
    /// `ftyp` or `moof` that waits for what belongs to it.
    pending: Vec<u8>,
}

impl Splitter {
    /// A splitter that refuses boxes of more than `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            buffer: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Adds what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole part, if its last byte has arrived. Indexes, padding and trailers between
    /// the parts are dropped.
    pub fn next_part(&mut self) -> Result<Option<Part>, BoxError> {
        while let Some((kind, whole)) = self.next_box()? {
            match &kind {
                b"moov" => return Ok(Some(Part::Init(self.complete(&whole)))),
                b"ftyp" | b"moof" => self.pending = whole,
                b"mdat" if self.pending.get(4..8) == Some(b"moof") => {
                    return Ok(Some(Part::Fragment(self.complete(&whole))));
                }
                b"mdat" => return Err(BoxError::Missing("moof")),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Says that nothing more arrives: an error when something incomplete is left.
    pub fn finish(self) -> Result<(), BoxError> {
        if self.buffer.is_empty() && self.pending.is_empty() {
            return Ok(());
        }
        Err(BoxError::Truncated("a fragment"))
    }

    fn complete(&mut self, last: &[u8]) -> Vec<u8> {
        let mut part = std::mem::take(&mut self.pending);
        part.extend_from_slice(last);
        part
    }

    fn next_box(&mut self) -> Result<Option<TopLevelBox>, BoxError> {
        let Some(header) = Header::read(&self.buffer)? else {
            return Ok(None);
        };
        let size = header.size.ok_or(BoxError::Invalid("a box size"))?;
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= self.limit);
        let size = size.ok_or(BoxError::TooLarge { limit: self.limit })?;
        if self.buffer.len() < size {
            return Ok(None);
        }
        let rest = self.buffer.split_off(size);
        Ok(Some((
            header.kind,
            std::mem::replace(&mut self.buffer, rest),
        )))
    }
}
