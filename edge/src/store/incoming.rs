//! A file that is being written: invisible until it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::Stored;

/// Bytes gathered before a trip to the disk.
const GATHER: usize = 512 << 10;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A temporary file. Dropped before it is committed, it goes away.
#[derive(Debug)]
pub(crate) struct Incoming {
    path: PathBuf,
    file: Arc<File>,
    pending: Vec<Bytes>,
    pending_size: usize,
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
            Ok(Self {
                path,
                file: Arc::new(file),
                pending: Vec::new(),
                pending_size: 0,
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
            let (file, pending) = self.take();
            blocking(move || write_all(&file, &pending)).await?;
        }
        Ok(())
    }

    /// Writes what is left and opens the whole file for serving, durable or not.
    pub(crate) async fn finish(&mut self) -> io::Result<Stored> {
        let (file, pending) = self.take();
        blocking(move || {
            write_all(&file, &pending)?;
            Stored::new(file)
        })
        .await
    }

    fn take(&mut self) -> (Arc<File>, Vec<Bytes>) {
        self.pending_size = 0;
        (Arc::clone(&self.file), std::mem::take(&mut self.pending))
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

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
