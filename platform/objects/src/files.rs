//! Blob files and the folders they lie in.
//!
//! A new file begins in `incoming/` and moves to `blobs/xx/` once the index knows it. So what a
//! crash leaves over is found in `incoming/` alone, however many objects there are.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::blob_id::BlobId;

/// The folders below the store's root. All calls block.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    root: Arc<Path>,
}

impl Files {
    /// The folders, made when missing.
    pub(crate) fn create(root: &Path) -> io::Result<Self> {
        let files = Self::at(root);
        fs::create_dir_all(files.incoming())?;
        for shard in 0..=u8::MAX {
            fs::create_dir_all(root.join("blobs").join(format!("{shard:02x}")))?;
        }
        for folder in [root.join("blobs"), root.to_owned()] {
            sync_folder(&folder)?;
        }
        Ok(files)
    }

    /// The folders, whether they are there or not.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    fn incoming_path(&self, id: BlobId) -> PathBuf {
        self.incoming().join(id.to_string())
    }

    pub(crate) fn path(&self, id: BlobId) -> PathBuf {
        self.root
            .join("blobs")
            .join(id.shard())
            .join(id.to_string())
    }

    pub(crate) fn create_incoming(&self, id: BlobId) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.incoming_path(id))
    }

    pub(crate) fn link_incoming(&self, from: BlobId, id: BlobId) -> io::Result<()> {
        self.reading(from, |path| {
            match fs::hard_link(path, self.incoming_path(id)) {
                Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
                // Some file systems have no hard links, or not this many to one file.
                Err(_) => fs::copy(path, self.incoming_path(id))
                    .and_then(|_| File::open(self.incoming_path(id))?.sync_all()),
                Ok(()) => Ok(()),
            }
        })
    }

    /// Makes the names in `incoming/` durable.
    pub(crate) fn sync_incoming(&self) -> io::Result<()> {
        sync_folder(&self.incoming())
    }

    /// Moves a file to where indexed ones lie. It need not be synced: a file that is still in
    /// `incoming/` after a crash is moved at the next start.
    pub(crate) fn publish(&self, id: BlobId) -> io::Result<()> {
        fs::rename(self.incoming_path(id), self.path(id))
    }

    /// Opens the file that parts of an upload are written into side by side.
    pub(crate) fn open_slots(&self, id: BlobId) -> io::Result<File> {
        let path = self.path(id);
        match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let file = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .open(&path)?;
                if let Some(folder) = path.parent() {
                    sync_folder(folder)?;
                }
                Ok(file)
            }
            opened => opened,
        }
    }

    pub(crate) fn open(&self, id: BlobId) -> io::Result<File> {
        self.reading(id, |path| File::open(path))
    }

    /// The file's path: where published ones lie, unless it is about to be published.
    pub(crate) fn find(&self, id: BlobId) -> io::Result<PathBuf> {
        self.reading(id, |path| fs::metadata(path).map(|_| path.to_owned()))
    }

    /// A file may be published between two looks, so the third is where the first was.
    fn reading<T>(&self, id: BlobId, look: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
        let missing = |error: &io::Error| error.kind() == ErrorKind::NotFound;
        let published = self.path(id);
        look(&published)
            .or_else(|error| {
                if missing(&error) {
                    look(&self.incoming_path(id))
                } else {
                    Err(error)
                }
            })
            .or_else(|error| {
                if missing(&error) {
                    look(&published)
                } else {
                    Err(error)
                }
            })
    }

    pub(crate) fn remove(&self, id: BlobId) -> io::Result<()> {
        for path in [self.incoming_path(id), self.path(id)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Names in `incoming/`; `None` for a file that is not ours to know.
    pub(crate) fn list_incoming(&self) -> io::Result<Vec<(PathBuf, Option<BlobId>)>> {
        fs::read_dir(self.incoming())?
            .map(|entry| {
                let entry = entry?;
                let id = entry.file_name().to_str().and_then(BlobId::parse);
                Ok((entry.path(), id))
            })
            .collect()
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A file in `incoming/` which goes away unless the index took it.
#[derive(Debug)]
pub(crate) struct Draft {
    files: Files,
    id: BlobId,
    kept: bool,
}

impl Draft {
    pub(crate) fn new(files: &Files) -> Self {
        Self {
            files: files.clone(),
            id: BlobId::random(),
            kept: false,
        }
    }

    pub(crate) fn id(&self) -> BlobId {
        self.id
    }

    /// The index has it: the file stays, and moves to the others.
    pub(crate) fn publish(mut self) -> io::Result<()> {
        self.kept = true;
        self.files.publish(self.id)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (files, id) = (self.files.clone(), self.id);
        let remove = move || {
            if let Err(error) = files.remove(id) {
                tracing::warn!(%error, blob = %id, "an unfinished file stays until the next start");
            }
        };
        // Freeing a large file takes a while, and this may run where nothing may block.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}
