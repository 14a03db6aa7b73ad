//! Finding the index: from box header to box header, fetching only those.

use std::ops::Range;

use super::Mp4Index;
use crate::fmp4::BoxError;
use crate::fmp4::read::Header;

/// Fetched at once where the next box header is expected: often the whole index is in it.
const STEP_BYTES: u64 = 64 * 1024;
/// A file of more top-level boxes than this is no ordinary MP4.
const MAX_BOXES: usize = 256;
/// An index larger than this is not read: 12 h at 60 frames a second have about 60 MB.
const MAX_MOOV: u64 = 256 * 1024 * 1024;

/// What to do next to find the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// Fetch these bytes and give them to [`Finder::next`].
    Fetch(Range<u64>),
    /// The `moov` box lies here: fetch it and give it to [`Finder::index`].
    Moov(Range<u64>),
    /// There is no usable index: stage the whole file.
    Unusable,
}

/// Looks for the index of a file of which nothing is known but its size.
#[derive(Debug, Clone)]
pub struct Finder {
    file_size: u64,
    /// Where the next box starts.
    at: u64,
    /// Headers seen, and the index.
    structure: Vec<Range<u64>>,
}

impl Finder {
    /// Starts with the bytes of [`Self::wanted`].
    pub const fn new(file_size: u64) -> Self {
        Self {
            file_size,
            at: 0,
            structure: Vec::new(),
        }
    }

    /// The bytes to look at next.
    pub fn wanted(&self) -> Range<u64> {
        self.at..self.at.saturating_add(STEP_BYTES).min(self.file_size)
    }

    /// Looks at the bytes of [`Self::wanted`].
    pub fn next(&mut self, bytes: &[u8]) -> Search {
        let mut rest = bytes;
        while self.structure.len() < MAX_BOXES {
            let Ok(header) = Header::read(rest) else {
                return Search::Unusable;
            };
            let Some(header) = header else {
                // At least one header fits into what was asked for, unless the file ends.
                let moved_on = rest.len() < bytes.len() && self.at < self.file_size;
                return if moved_on {
                    Search::Fetch(self.wanted())
                } else {
                    Search::Unusable
                };
            };
            let Some(end) = header.size.and_then(|size| self.at.checked_add(size)) else {
                return Search::Unusable;
            };
            let size = end - self.at;
            if end > self.file_size || header.kind == *b"moof" {
                return Search::Unusable;
            }
            if header.kind == *b"moov" {
                if size > MAX_MOOV {
                    return Search::Unusable;
                }
                self.structure.push(self.at..end);
                return Search::Moov(self.at..end);
            }
            self.structure.push(self.at..self.at + header.length);
            self.at = end;
            let next = usize::try_from(size).ok().and_then(|size| rest.get(size..));
            match next {
                Some(next) => rest = next,
                None if end < self.file_size => return Search::Fetch(self.wanted()),
                None => return Search::Unusable,
            }
        }
        Search::Unusable
    }

    /// Reads the bytes of the range that [`Search::Moov`] named.
    pub fn index(self, moov: &[u8]) -> Result<Mp4Index, BoxError> {
        Mp4Index::parse(moov, self.file_size, self.structure)
    }
}
