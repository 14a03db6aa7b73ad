//! The file to upload.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::UploadError;

/// Bytes at either end of the file that its fingerprint covers.
const SAMPLE: u64 = 64 * 1024;

/// A file and what identifies it.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Of name, size, time of change, head and tail: the same file resumes the same upload.
    pub(crate) fingerprint: String,
}

impl Source {
    /// Looks at the file at `path`.
    pub(crate) async fn open(path: &Path) -> Result<Self, UploadError> {
        let wrap = |source| UploadError::File {
            file: path.display().to_string(),
            source,
        };
        let metadata = tokio::fs::metadata(path).await.map_err(wrap)?;
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let changed = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |age| age.as_millis());
        let mut source = Self {
            path: path.to_owned(),
            name,
            size: metadata.len(),
            fingerprint: String::new(),
        };
        let head = source.read(0, SAMPLE.min(source.size)).await?;
        let tail_start = source.size.saturating_sub(SAMPLE);
        let tail = source.read(tail_start, source.size - tail_start).await?;
        let mut hash = Sha256::new();
        hash.update(format!("{}\0{}\0{changed}\0", source.name, source.size));
        hash.update(&head);
        hash.update(&tail);
        source.fingerprint = HEXLOWER.encode(&hash.finalize());
        Ok(source)
    }

    /// Reads `length` bytes from `offset`.
    pub(crate) async fn read(&self, offset: u64, length: u64) -> Result<Bytes, UploadError> {
        let wrap = |source| UploadError::File {
            file: self.path.display().to_string(),
            source,
        };
        let mut file = tokio::fs::File::open(&self.path).await.map_err(wrap)?;
        file.seek(SeekFrom::Start(offset)).await.map_err(wrap)?;
        let mut buffer = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        file.take(length)
            .read_to_end(&mut buffer)
            .await
            .map_err(wrap)?;
        if buffer.len() as u64 != length {
            return Err(UploadError::Changed {
                file: self.path.display().to_string(),
            });
        }
        Ok(buffer.into())
    }
}
