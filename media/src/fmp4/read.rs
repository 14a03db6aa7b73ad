//! Reading boxes from bytes that may say anything: every read is checked, nothing is trusted.

use super::BoxError;

/// A cursor over bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`; `what` names them in errors.
    pub(crate) const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], BoxError> {
        let (head, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(BoxError::Truncated(self.what))?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<(), BoxError> {
        self.take(count).map(drop)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BoxError> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(BoxError::Truncated(self.what))?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, BoxError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, BoxError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, BoxError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, BoxError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, BoxError> {
        self.array().map(u64::from_be_bytes)
    }

    /// 32 or 64 bits, as the version of a full box has it.
    pub(crate) fn versioned(&mut self, version: u8) -> Result<u64, BoxError> {
        if version == 1 {
            self.u64()
        } else {
            self.u32().map(u64::from)
        }
    }

    /// Version and flags of a full box.
    pub(crate) fn full(&mut self) -> Result<(u8, u32), BoxError> {
        let word = self.u32()?;
        let [version, ..] = word.to_be_bytes();
        Ok((version, word & 0x00FF_FFFF))
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// Size, kind and header length of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: [u8; 4],
    /// Bytes of the header itself: 8, or 16 with a 64-bit size.
    pub(crate) length: u64,
    /// Bytes of the whole box; `None` when it goes on to the end of the file.
    pub(crate) size: Option<u64>,
}

impl Header {
    /// Reads a header; `Ok(None)` when more bytes are needed.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, BoxError> {
        let mut reader = Reader::new(bytes, "a box header");
        let (Ok(short), Ok(kind)) = (reader.u32(), reader.array()) else {
            return Ok(None);
        };
        let (length, size) = match short {
            0 => (8, None),
            1 => match reader.u64() {
                Ok(long) => (16, Some(long)),
                Err(_) => return Ok(None),
            },
            size => (8, Some(u64::from(size))),
        };
        if size.is_some_and(|size| size < length) {
            return Err(BoxError::Invalid("a box size"));
        }
        Ok(Some(Self { kind, length, size }))
    }
}

/// A box and its content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Child<'a> {
    pub(crate) kind: [u8; 4],
    pub(crate) body: &'a [u8],
    /// Header and body.
    pub(crate) whole: &'a [u8],
}

/// The boxes that lie one after another in `bytes`. Ends after the first error.
pub(crate) fn children(bytes: &[u8]) -> impl Iterator<Item = Result<Child<'_>, BoxError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        // Fewer bytes than a header are padding (QuickTime ends lists with a zero word).
        if rest.len() < 8 {
            return None;
        }
        let result = split_child(rest);
        rest = match &result {
            Ok((_, after)) => after,
            Err(_) => &[],
        };
        Some(result.map(|(child, _)| child))
    })
}

fn split_child(bytes: &[u8]) -> Result<(Child<'_>, &[u8]), BoxError> {
    let header = Header::read(bytes)?.ok_or(BoxError::Truncated("a box header"))?;
    let size = match header.size {
        Some(size) => usize::try_from(size).unwrap_or(usize::MAX),
        None => bytes.len(),
    };
    let (whole, after) = bytes
        .split_at_checked(size)
        .ok_or(BoxError::Truncated("a box"))?;
    let body = usize::try_from(header.length)
        .ok()
        .and_then(|start| whole.get(start..));
    let body = body.ok_or(BoxError::Truncated("a box header"))?;
    Ok((
        Child {
            kind: header.kind,
            body,
            whole,
        },
        after,
    ))
}

/// The content of the first box of a kind; `name` names it in errors.
pub(crate) fn find<'a>(
    bytes: &'a [u8],
    kind: [u8; 4],
    name: &'static str,
) -> Result<&'a [u8], BoxError> {
    for child in children(bytes) {
        let child = child?;
        if child.kind == kind {
            return Ok(child.body);
        }
    }
    Err(BoxError::Missing(name))
}
