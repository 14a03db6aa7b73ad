//! Folders of running jobs: each process has one, each job has one in it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const PREFIX: &str = "jobs-";
const LOCK: &str = "lock";

/// This process's part of the scratch folder. Others tell by its lock that it is in use.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes a folder in `root` and removes those of processes that are gone.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        // Paths of jobs are mounted and linked from elsewhere.
        let root = root.canonicalize()?;
        remove_abandoned(&root)?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&root)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder for one job, with an empty `out` in it; removed when dropped.
    pub(crate) fn job(&self) -> io::Result<Job> {
        let folder = tempfile::Builder::new()
            .prefix("job-")
            .tempdir_in(self.folder.path())?;
        std::fs::create_dir(folder.path().join("out"))?;
        Ok(Job { folder })
    }
}

fn remove_abandoned(root: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        let ours = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if ours && is_abandoned(&path) {
            std::fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

fn is_abandoned(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        // Being made at this moment, or being removed: the next start sees to it.
        Err(_) => false,
    }
}

/// The folder of one job.
#[derive(Debug)]
pub(crate) struct Job {
    folder: TempDir,
}

impl Job {
    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where its output is written.
    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_goes_and_what_a_live_one_has_stays() {
        let root = tempfile::tempdir().unwrap();
        let dead = root.path().join("jobs-dead");
        std::fs::create_dir_all(dead.join("job-1/out")).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        let live = Scratch::open(root.path()).unwrap();
        let second = Scratch::open(root.path()).unwrap();
        assert!(!dead.try_exists().unwrap());
        assert!(live.job().unwrap().out().is_dir());
        assert!(second.path().is_dir());
    }
}
