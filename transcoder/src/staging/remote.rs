//! A film that lies in a store elsewhere, as far as it has been brought here.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use media::mp4_index::{Finder, Mp4Index, Search};
use media::sniff::Demuxer;
use platform_blob::Blobs;
use tokio::sync::Mutex;

use super::ranges::Ranges;
use super::{Need, StageError, store_error};

/// Bytes asked for at once.
const PIECE: u64 = 8 * 1024 * 1024;

/// A file of the film's size, with holes where nothing was fetched yet.
#[derive(Debug)]
pub(super) struct Remote {
    key: String,
    path: PathBuf,
    pub(super) demuxer: Demuxer,
    pub(super) size: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    have: Ranges,
    index: Index,
}

#[derive(Debug)]
enum Index {
    Unknown,
    Known(Box<Mp4Index>),
    /// The film has to be here whole.
    None,
}

impl Remote {
    pub(super) fn new(
        key: &str,
        folder: &Path,
        name: &str,
        demuxer: Demuxer,
        size: u64,
    ) -> io::Result<Self> {
        let path = folder.join(name);
        File::create(&path)?.set_len(size)?;
        let index = if demuxer == Demuxer::Mov {
            Index::Unknown
        } else {
            Index::None
        };
        Ok(Self {
            key: key.to_owned(),
            path,
            demuxer,
            size,
            state: Mutex::new(State {
                have: Ranges::default(),
                index,
            }),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes on this disk.
    pub(super) async fn taken(&self) -> io::Result<u64> {
        use std::os::unix::fs::MetadataExt;
        let metadata = tokio::fs::metadata(&self.path).await?;
        Ok(metadata.blocks() * 512)
    }

    /// Brings what `need` says; whether that is all of it.
    pub(super) async fn bring(&self, blobs: &dyn Blobs, need: &Need) -> Result<bool, StageError> {
        let mut state = self.state.lock().await;
        if matches!(state.index, Index::Unknown) {
            state.index = self.find_index(blobs, &mut state).await?;
        }
        let ranges = match (&state.index, need) {
            (Index::Known(index), Need::Probe) => Some(index.opening_ranges()),
            (
                Index::Known(index),
                Need::Span {
                    streams, from, to, ..
                },
            ) => index.ranges(streams, *from, *to),
            _ => None,
        };
        let whole = 0..self.size;
        for range in ranges.unwrap_or_else(|| vec![whole.clone()]) {
            self.fetch(blobs, &mut state, &range).await?;
        }
        Ok(state.have.missing(&whole).is_empty())
    }

    async fn find_index(&self, blobs: &dyn Blobs, state: &mut State) -> Result<Index, StageError> {
        let mut finder = Finder::new(self.size);
        let mut wanted = finder.wanted();
        loop {
            self.fetch(blobs, state, &wanted).await?;
            let bytes = self.read(wanted).await.map_err(StageError::Machine)?;
            match finder.next(&bytes) {
                Search::Fetch(range) => wanted = range,
                Search::Unusable => return Ok(Index::None),
                Search::Moov(range) => {
                    self.fetch(blobs, state, &range).await?;
                    let moov = self.read(range).await.map_err(StageError::Machine)?;
                    return Ok(match finder.index(&moov) {
                        Ok(index) => Index::Known(Box::new(index)),
                        Err(_unusual) => Index::None,
                    });
                }
            }
        }
    }

    /// Brings a range.
    async fn fetch(
        &self,
        blobs: &dyn Blobs,
        state: &mut State,
        range: &Range<u64>,
    ) -> Result<(), StageError> {
        let range = range.start..range.end.min(self.size);
        for missing in state.have.missing(&range) {
            let mut at = missing.start;
            while at < missing.end {
                let piece = at..missing.end.min(at + PIECE);
                let bytes = blobs
                    .get_range(&self.key, piece.clone())
                    .await
                    .map_err(store_error)?;
                if bytes.is_empty() {
                    return Err(StageError::Gone);
                }
                let end = at + u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.write(at, bytes).await.map_err(StageError::Machine)?;
                state.have.add(at..end);
                at = end;
            }
        }
        Ok(())
    }

    async fn write(&self, at: u64, bytes: Bytes) -> io::Result<()> {
        let path = self.path.clone();
        blocking(move || {
            let file = File::options().write(true).open(path)?;
            file.write_all_at(&bytes, at)
        })
        .await
    }

    async fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let size = range.end.min(self.size).saturating_sub(range.start);
        let path = self.path.clone();
        blocking(move || {
            let mut buffer = vec![0; usize::try_from(size).map_err(io::Error::other)?];
            File::open(path)?.read_exact_at(&mut buffer, range.start)?;
            Ok(Bytes::from(buffer))
        })
        .await
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            // The folder of a process that ends may go before its last film does.
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error, "a staged film could not be removed");
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
