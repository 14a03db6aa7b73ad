//! A file of the edge that is open for serving, whole or still growing.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream::{self, LocalBoxStream};
use futures_util::{Stream, StreamExt};
use tokio::sync::watch;

use super::incoming::blocking;

/// Files up to this size are read when they are opened: one trip to the disk instead of two.
const SMALL: u64 = 128 << 10;

/// Larger ones are read in pieces of this size, one ahead of what is being sent.
const PIECE: usize = 256 << 10;

/// A file that stays readable even when it is replaced or evicted meanwhile. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    file: Arc<File>,
    small: Option<Bytes>,
    /// How many bytes there are, unless all are.
    written: Option<watch::Receiver<u64>>,
    /// Bytes that there are, or will be.
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
            written: None,
            size,
            etag: etag(facts.ino(), facts.modified()?, size),
        })
    }

    /// Blocks: reads the facts of a file that was `begun` and will have `size` bytes.
    pub(super) fn growing(
        file: Arc<File>,
        begun: SystemTime,
        size: u64,
        written: watch::Receiver<u64>,
    ) -> io::Result<Self> {
        let etag = etag(file.metadata()?.ino(), begun, size);
        Ok(Self {
            file,
            small: None,
            written: Some(written),
            size,
            etag,
        })
    }

    /// The bytes of `range`, if they are in memory.
    pub(crate) fn in_memory(&self, range: &Range<u64>) -> Option<Bytes> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        let small = self.small.as_ref()?;
        (start <= end && end <= small.len()).then(|| small.slice(start..end))
    }

    /// The bytes of `range`, piece by piece, each as soon as it is there.
    pub(crate) fn pieces(&self, range: Range<u64>) -> LocalBoxStream<'static, io::Result<Bytes>> {
        match &self.written {
            Some(written) => self.arriving(range, written.clone()).boxed_local(),
            None => self.lying(range).boxed_local(),
        }
    }

    fn arriving(
        &self,
        range: Range<u64>,
        written: watch::Receiver<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let file = Arc::clone(&self.file);
        stream::try_unfold((range, written), move |(range, mut written)| {
            let file = Arc::clone(&file);
            async move {
                if range.is_empty() {
                    return Ok(None);
                }
                let there = *written
                    .wait_for(|written| *written > range.start)
                    .await
                    .map_err(|_gone| io::Error::other("the transfer from the origin broke off"))?;
                let left = there.min(range.end) - range.start;
                let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let start = range.start;
                let bytes = blocking(move || read(&file, start, length)).await?;
                let next = start + u64::try_from(length).unwrap_or(left);
                Ok(Some((bytes, (next..range.end, written))))
            }
        })
    }

    fn lying(&self, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let file = Arc::clone(&self.file);
        let end = range.end;
        stream::iter(range.step_by(PIECE))
            .map(move |start| {
                let file = Arc::clone(&file);
                let length = usize::try_from(end - start).unwrap_or(PIECE).min(PIECE);
                blocking(move || read(&file, start, length))
            })
            .buffered(2)
    }
}

fn read(file: &File, start: u64, length: usize) -> io::Result<Bytes> {
    let mut buffer = vec![0; length];
    file.read_exact_at(&mut buffer, start)?;
    Ok(buffer.into())
}

/// Every write makes a new file, so inode, the time it was made and size together name its content.
fn etag(inode: u64, made: SystemTime, size: u64) -> String {
    let made = made.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("\"{inode:x}-{:x}-{size:x}\"", made.as_nanos())
}
