//! A file of the edge that is open for serving.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

/// Files up to this size are read when they are opened: one trip to the disk instead of two.
const SMALL: u64 = 128 << 10;

/// Larger ones are read in pieces of this size, one ahead of what is being sent.
const PIECE: usize = 256 << 10;

/// A file that stays readable even when it is replaced or evicted meanwhile. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    file: Arc<File>,
    small: Option<Bytes>,
    pub(crate) size: u64,
    pub(crate) etag: String,
}

impl Stored {
    /// Blocks: reads the file's facts, and a small one whole.
    pub(crate) fn new(file: Arc<File>) -> io::Result<Self> {
        let facts = file.metadata()?;
        let size = facts.len();
        let small = if size <= SMALL {
            Some(read(&file, 0, usize::try_from(size).unwrap_or_default())?)
        } else {
            None
        };
        Ok(Self {
            file,
            small,
            size,
            etag: etag(&facts),
        })
    }

    /// The bytes of `range`, if they are in memory.
    pub(crate) fn in_memory(&self, range: &Range<u64>) -> Option<Bytes> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        let small = self.small.as_ref()?;
        (start <= end && end <= small.len()).then(|| small.slice(start..end))
    }

    /// The bytes of `range`, piece by piece.
    pub(crate) fn pieces(
        &self,
        range: Range<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let file = Arc::clone(&self.file);
        let end = range.end;
        stream::iter(range.step_by(PIECE))
            .map(move |start| {
                let file = Arc::clone(&file);
                let length = usize::try_from(end - start).unwrap_or(PIECE).min(PIECE);
                async move {
                    tokio::task::spawn_blocking(move || read(&file, start, length))
                        .await
                        .map_err(io::Error::other)?
                }
            })
            .buffered(2)
    }
}

fn read(file: &File, start: u64, length: usize) -> io::Result<Bytes> {
    let mut buffer = vec![0; length];
    file.read_exact_at(&mut buffer, start)?;
    Ok(buffer.into())
}

/// Every write makes a new file, so inode, time and size together name its content.
fn etag(facts: &Metadata) -> String {
    format!(
        "\"{:x}-{:x}.{:x}-{:x}\"",
        facts.ino(),
        facts.mtime(),
        facts.mtime_nsec(),
        facts.len()
    )
}
