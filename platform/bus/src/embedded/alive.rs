//! A sign of life that the operating system takes down: a locked file beside the database.
//!
//! A process that was killed is noticed at once by whoever starts next, instead of after a lease.
//! Where files cannot be locked, or the database is none, the lease decides alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use platform_db::Db;

#[derive(Debug)]
pub(super) struct Sign {
    /// Path of the database file, when it has one.
    base: Option<PathBuf>,
    process: String,
    /// Locked as long as it is open.
    lock: Option<File>,
}

impl Sign {
    /// Puts up the sign of `process`.
    pub(super) fn put_up(db: &Db, process: &str) -> Self {
        let mut sign = Self {
            base: db.file().map(Path::to_owned),
            process: process.to_owned(),
            lock: None,
        };
        sign.lock = sign.path(process).and_then(|path| {
            let file = File::create(path).ok()?;
            file.try_lock().ok()?;
            Some(file)
        });
        sign
    }

    fn path(&self, process: &str) -> Option<PathBuf> {
        let mut path = self.base.clone()?.into_os_string();
        path.push(format!(".{process}.lock"));
        Some(path.into())
    }

    /// Whether the sign of `process` is there and nobody holds it: the process is dead. Its file
    /// goes with that.
    pub(super) fn is_gone(&self, process: &str) -> bool {
        let Some(path) = self.path(process) else {
            return false;
        };
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else {
            return false;
        };
        match file.try_lock() {
            Ok(()) => std::fs::remove_file(path).is_ok(),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        }
    }

    /// Takes the sign of this process down.
    pub(super) fn remove(&self) {
        if let Some(path) = self.path(&self.process).filter(|_| self.lock.is_some()) {
            std::fs::remove_file(path).unwrap_or_default();
        }
    }
}
