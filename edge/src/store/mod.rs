//! The edge's folder: `films/{video}/{revision}/…` as on the origin, and `tmp/` for what is being
//! written.

mod incoming;
mod stored;
mod sweep;
mod usage;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::VideoId;
use tokio::sync::Notify;

use crate::address::{Address, Scope};
use usage::Usage;

pub(crate) use incoming::{Incoming, blocking};
pub(crate) use stored::Stored;

const FILMS: &str = "films";
const TEMPORARY: &str = "tmp";
const LOCK: &str = "lock";

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or read.
    #[error("the edge cannot use its folder {folder}: check that it is writable")]
    Io {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another edge uses it.
    #[error("another edge is running on the folder {folder}: stop it or give this one its own")]
    InUse {
        /// The folder.
        folder: String,
    },
}

/// What the edge has on its disk. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    films: PathBuf,
    max_bytes: u64,
    usage: Mutex<Usage>,
    make_room: Notify,
    /// Counts deletions. Held while a file is put in place, so that none slips past one.
    deletions: Mutex<u64>,
    _lock: File,
}

/// When something began, so far as deletions are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(u64);

impl Store {
    /// Takes `folder` for this process and removes what was never finished.
    pub(crate) async fn open(folder: &Path, max_bytes: u64) -> Result<Self, FolderError> {
        let name = || folder.display().to_string();
        let own = folder.to_owned();
        let lock = blocking(move || take(&own))
            .await
            .map_err(|source| FolderError::Io {
                folder: name(),
                source,
            })?
            .ok_or_else(|| FolderError::InUse { folder: name() })?;
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            films: folder.join(FILMS),
            max_bytes,
            usage: Mutex::default(),
            make_room: Notify::new(),
            deletions: Mutex::default(),
            _lock: lock,
        })))
    }

    /// Opens what lies at `address`.
    pub(crate) async fn get(&self, address: &Address) -> io::Result<Option<Stored>> {
        let path = address.to_string();
        let file = self.0.films.join(&path);
        let opened = blocking(move || Stored::new(Arc::new(File::open(file)?))).await;
        match opened {
            Ok(stored) => {
                self.usage().touch(&path, stored.size);
                Ok(Some(stored))
            }
            Err(error) if is_absent(&error) => {
                self.usage().forget(&path);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether something lies at `address`.
    pub(crate) async fn has(&self, address: &Address) -> io::Result<bool> {
        tokio::fs::try_exists(self.0.films.join(address.to_string())).await
    }

    /// Names of the folders of films, in order.
    pub(crate) async fn films(&self) -> io::Result<Vec<String>> {
        let films = self.0.films.clone();
        blocking(move || {
            let mut names = Vec::new();
            for entry in fs::read_dir(films)? {
                names.extend(entry?.file_name().into_string());
            }
            names.sort_unstable();
            Ok(names)
        })
        .await
    }

    /// Begins a file that will lie somewhere.
    pub(crate) async fn create(&self) -> io::Result<Incoming> {
        Incoming::create(&self.0.folder.join(TEMPORARY)).await
    }

    /// Now.
    pub(crate) fn moment(&self) -> Moment {
        Moment(*locked(&self.0.deletions))
    }

    /// Puts a finished file at `address`, durably; not if something was deleted since `begun`, for
    /// then it may be what was deleted. Returns whether it lies there.
    pub(crate) async fn place(
        &self,
        mut incoming: Incoming,
        size: u64,
        address: &Address,
        begun: Option<Moment>,
    ) -> io::Result<bool> {
        let path = address.to_string();
        let store = self.clone();
        let placed = blocking(move || {
            incoming.sync()?;
            let target = store.0.films.join(&path);
            let deletions = locked(&store.0.deletions);
            if begun.is_some_and(|moment| moment != Moment(*deletions)) {
                return Ok(false);
            }
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            incoming.place(&target)?;
            store.usage().touch(&path, size);
            Ok(true)
        })
        .await?;
        self.check_budget();
        Ok(placed)
    }

    /// Deletes an object or a folder. Returns whether there was any.
    pub(crate) async fn remove(&self, scope: &Scope) -> io::Result<bool> {
        let path = scope.path();
        let is_object = matches!(scope, Scope::Object(_));
        let store = self.clone();
        blocking(move || {
            let target = store.0.films.join(&path);
            let mut deletions = locked(&store.0.deletions);
            *deletions += 1;
            let existed = if is_object {
                store.usage().forget(&path);
                remove_file(&target)?
            } else {
                store.usage().forget_below(&path);
                remove_folder(&target)?
            };
            Ok(existed)
        })
        .await
    }

    /// When `error` is that of a full disk, whoever filled it: the cache gives way.
    pub(crate) fn make_room_if_full(&self, error: &io::Error) {
        if is_full(error) {
            self.0.make_room.notify_one();
        }
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        locked(&self.0.usage)
    }

    fn check_budget(&self) {
        if self.usage().exceeds(self.0.max_bytes) {
            self.0.make_room.notify_one();
        }
    }
}

/// Blocks. `None` when another process has the folder.
fn take(folder: &Path) -> io::Result<Option<File>> {
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let temporary = folder.join(TEMPORARY);
    remove_folder(&temporary)?;
    fs::create_dir(&temporary)?;
    adopt(folder)?;
    Ok(Some(lock))
}

/// Blocks: earlier versions kept films in the folder itself.
fn adopt(folder: &Path) -> io::Result<()> {
    let films = folder.join(FILMS);
    fs::create_dir_all(&films)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_film = name
            .to_str()
            .is_some_and(|it| it.parse::<VideoId>().is_ok());
        if is_film && !fs::exists(films.join(&name))? {
            fs::rename(entry.path(), films.join(&name))?;
        }
    }
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the disk, a quota or a limit of the process leaves no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn existed(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn remove_file(path: &Path) -> io::Result<bool> {
    existed(fs::remove_file(path))
}

fn remove_folder(path: &Path) -> io::Result<bool> {
    existed(fs::remove_dir_all(path))
}
