use std::path::{Path, PathBuf};

use async_trait::async_trait;
use platform_blob::{BlobError, BlobErrorKind, LocalFiles};
use tokio::task::spawn_blocking;

use crate::{error::StoreError, files::Files, index::Index};

/// Finds the files of objects, for readers on the same machine: in the process that serves the
/// folder or in any other.
#[derive(Debug, Clone)]
pub struct LocalFolder {
    index: Index,
    files: Files,
}

impl LocalFolder {
    /// Looks into the folder that a server was given as [`crate::Config::dir`].
    pub fn new(dir: &Path) -> Self {
        Self {
            index: Index::foreign(dir),
            files: Files::at(dir),
        }
    }

    async fn find(&self, bucket: &str, key: &str) -> Result<Option<PathBuf>, StoreError> {
        let Some(row) = self.index.object(bucket, key).await? else {
            return Ok(None);
        };
        let files = self.files.clone();
        match spawn_blocking(move || files.find(row.blob)).await? {
            Ok(path) => Ok(Some(path)),
            // Deleted between the two looks.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl LocalFiles for LocalFolder {
    async fn path_of(&self, bucket: &str, key: &str) -> Result<Option<PathBuf>, BlobError> {
        self.find(bucket, key).await.map_err(|error| {
            let kind = BlobErrorKind::Unavailable;
            BlobError::new(kind, "the local object store cannot be read").with_source(error)
        })
    }
}
