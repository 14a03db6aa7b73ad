//! A file that is being written: invisible until it is whole, though it can be followed before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::watch;

use super::Stored;

/// Bytes gathered before a trip to the disk.
const GATHER: usize = 512 << 10;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A temporary file. Dropped before it is committed, it goes away.
#[derive(Debug)]
pub(crate) struct Incoming {
    path: PathBuf,
    file: Arc<File>,
    begun: SystemTime,
    pending: Vec<Bytes>,
    pending_size: usize,
    /// Bytes in the file. Those who follow it see its end when this goes away.
    written: watch::Sender<u64>,
    kept: bool,
}

impl Incoming {
    /// Makes a temporary file in `folder`.
    pub(super) async fn create(folder: &Path) -> io::Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(number.to_string());
        blocking(move || {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)?;
            let begun = file.metadata()?.modified()?;
            Ok(Self {
                path,
                file: Arc::new(file),
                begun,
                pending: Vec::new(),
                pending_size: 0,
                written: watch::Sender::new(0),
                kept: false,
            })
        })
        .await
    }

    /// Adds `bytes`.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.pending_size += bytes.len();
        self.pending.push(bytes);
        if self.pending_size >= GATHER {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what was gathered, for those who follow.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let file = Arc::clone(&self.file);
        let pending = std::mem::take(&mut self.pending);
        let size = u64::try_from(std::mem::take(&mut self.pending_size)).unwrap_or(u64::MAX);
        blocking(move || write_all(&file, &pending)).await?;
        self.written.send_modify(|written| *written += size);
        Ok(())
    }

    /// Whether anything is in the file yet.
    pub(crate) fn is_begun(&self) -> bool {
        *self.written.borrow() > 0
    }

    /// Opens the file for serving while it grows to `size` bytes.
    pub(crate) async fn follow(&self, size: u64) -> io::Result<Stored> {
        let (file, begun) = (Arc::clone(&self.file), self.begun);
        let written = self.written.subscribe();
        blocking(move || Stored::growing(file, begun, size, written)).await
    }

    /// Writes what is left and opens the whole file for serving, durable or not.
    pub(crate) async fn finish(&mut self) -> io::Result<Stored> {
        self.flush().await?;
        let (file, begun) = (Arc::clone(&self.file), self.begun);
        blocking(move || {
            // Its tag is the one that those who followed it were told.
            file.set_modified(begun)?;
            Stored::new(file)
        })
        .await
    }

    /// Blocks until the file would survive a loss of power: one that is shorter afterwards would be
    /// served for a year.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Blocks: puts the file at `target`.
    pub(super) fn place(&mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a temporary file stays behind");
        }
    }
}

fn write_all(mut file: &File, pending: &[Bytes]) -> io::Result<()> {
    pending.iter().try_for_each(|bytes| file.write_all(bytes))
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
