//! What is not let through any more although tokens for it have not expired: in memory for those who
//! ask, on the disk for the next start.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use platform_auth::{Denied, PLAYBACK_LIFETIME_S};
use platform_core::{Clock, Lifecycle};

use crate::store::{FolderError, blocking};

const FOLDER: &str = "denied";
const MARK: &str = "mark";

/// An hour longer than tokens live: clocks differ, and whoever mints may hear late.
const KEPT_MS: i64 = (PLAYBACK_LIFETIME_S + 3600) * 1000;

/// Between two looks for what can be forgotten.
const SWEEP: Duration = Duration::from_mins(10);

/// The denied names, and how far this edge was told. Clones share them.
#[derive(Clone)]
pub(crate) struct Denials(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    /// When each was told, in milliseconds since the Unix epoch.
    names: HashMap<Denied, i64>,
    mark: Option<String>,
}

impl fmt::Debug for Denials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denials").finish_non_exhaustive()
    }
}

impl Denials {
    /// Reads what was told in earlier runs on the edge's `folder`.
    pub(crate) async fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, FolderError> {
        let folder = folder.join(FOLDER);
        let own = folder.clone();
        let known = blocking(move || read(&own)).await;
        let known = known.map_err(|source| FolderError::Io {
            folder: folder.display().to_string(),
            source,
        })?;
        Ok(Self(Arc::new(Inner {
            folder,
            clock,
            known: RwLock::new(known),
        })))
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `name` is denied.
    pub(crate) fn has(&self, name: &Denied) -> bool {
        self.known().names.contains_key(name)
    }

    /// Denies `name` from now on, durably. Returns whether it was not before.
    pub(crate) async fn deny(&self, name: Denied) -> io::Result<bool> {
        let now = self.0.clock.now_ms();
        // At once, even if the disk fails: then whoever told tells again.
        let new = self.change().names.insert(name.clone(), now).is_none();
        let folder = self.0.folder.clone();
        blocking(move || write(&folder, name.as_str(), b"")).await?;
        Ok(new)
    }

    /// How far this edge was told; absent when it knows nothing.
    pub(crate) fn mark(&self) -> Option<String> {
        self.known().mark.clone()
    }

    /// Remembers how far this edge was told, durably. Returns whether it did not know before.
    pub(crate) async fn set_mark(&self, mark: String) -> io::Result<bool> {
        let (folder, text) = (self.0.folder.clone(), mark.clone());
        blocking(move || write(&folder, MARK, text.as_bytes())).await?;
        Ok(self.change().mark.replace(mark).is_none())
    }

    /// Forgets what outlived all tokens, until `lifecycle` drains.
    pub(crate) async fn forget(self, lifecycle: Lifecycle) {
        loop {
            let old = self.take_old();
            let folder = self.0.folder.clone();
            let removed = blocking(move || {
                let mut files = old.iter().map(|name| folder.join(name.as_str()));
                files.try_for_each(fs::remove_file)
            });
            if let Err(error) = removed.await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the edge cannot forget what it denied");
            }
            tokio::select! {
                () = lifecycle.draining() => return,
                () = tokio::time::sleep(SWEEP) => {}
            }
        }
    }

    fn take_old(&self) -> Vec<Denied> {
        let before = self.0.clock.now_ms().saturating_sub(KEPT_MS);
        let mut known = self.change();
        let old = known.names.extract_if(|_, told| *told < before);
        old.map(|(name, _)| name).collect()
    }
}

/// Blocks: what lies in `folder`, which is made when it is not there.
fn read(folder: &Path) -> io::Result<Known> {
    fs::create_dir_all(folder)?;
    let mut known = Known::default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == MARK {
            known.mark = Some(fs::read_to_string(entry.path())?);
        } else if let Some(name) = Denied::parse(&name) {
            let told = millis(entry.metadata()?.modified()?);
            known.names.insert(name, told);
        }
    }
    Ok(known)
}

/// Blocks until `content` would survive a loss of power as `name`.
fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let fresh = folder.join(format!("{name}.new"));
    let mut file = File::create(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))?;
    File::open(folder)?.sync_all()
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use platform_core::SystemClock;
    use platform_core::clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn what_is_denied_outlives_a_restart_and_all_tokens_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let name = Denied::credential("session-1");
        let now = SystemClock.now_ms();
        let open = |at: i64| Denials::open(folder.path(), Arc::new(ManualClock::at(at)));
        let first = open(now).await.unwrap();
        assert_eq!(first.mark(), None);
        assert!(first.deny(name.clone()).await.unwrap());
        assert!(!first.deny(name.clone()).await.unwrap());
        assert!(first.set_mark("7".to_owned()).await.unwrap());
        let second = open(now + PLAYBACK_LIFETIME_S * 1000).await.unwrap();
        assert!(second.take_old().is_empty());
        assert!(second.has(&name) && !second.has(&Denied::credential("session-2")));
        assert_eq!(second.mark().unwrap(), "7");
        let late = open(now + KEPT_MS + 60_000).await.unwrap();
        let ended = Lifecycle::new();
        ended.drain();
        late.forget(ended).await;
        let left = open(now).await.unwrap();
        assert!(!left.has(&name));
        assert_eq!(left.mark().unwrap(), "7");
    }
}
