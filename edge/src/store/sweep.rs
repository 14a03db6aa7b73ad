//! Keeping to the disk budget, off the path of requests.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use platform_core::Lifecycle;

use super::incoming::blocking;
use super::{Store, is_absent, remove_file};

impl Store {
    /// Finds out what lies on the disk, then evicts whenever that becomes too much.
    pub(crate) async fn keep_to_budget(self, lifecycle: Lifecycle) {
        let folder = self.0.films.clone();
        match blocking(move || walk(&folder)).await {
            Ok(found) => self.usage().found(found),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(
                    error,
                    "the edge's folder cannot be read: files of earlier runs do not count \
                     towards the disk budget"
                );
            }
        }
        self.check_budget();
        loop {
            tokio::select! {
                () = lifecycle.draining() => return,
                () = self.0.make_room.notified() => self.evict().await,
            }
        }
    }

    /// Goes a tenth below the budget, so that not every new file costs an eviction; and when the
    /// disk holds less than that, a tenth below what it holds.
    async fn evict(&self) {
        let victims = self.usage().evict_a_tenth(self.0.max_bytes);
        let files = victims.len();
        if files == 0 {
            return;
        }
        let folder = self.0.films.clone();
        let removed = blocking(move || {
            let mut outcome = Ok(());
            for victim in victims {
                let path = folder.join(victim);
                // One that stays must not keep the others.
                outcome = outcome.and(remove_file(&path).map(drop));
                remove_if_empty(path.parent());
            }
            outcome
        })
        .await;
        match removed {
            Ok(()) => tracing::info!(files, "evicted what was not asked for longest"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "the edge cannot free disk space");
            }
        }
    }
}

fn remove_if_empty(folder: Option<&Path>) {
    if let Some(Err(error)) = folder.map(fs::remove_dir) {
        tracing::trace!(%error, "the folder stays, most likely since it is not empty");
    }
}

/// Blocks: path below `folder` and size of every file of every film, least recently changed first.
fn walk(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        visit(&entry, &name.to_string_lossy(), &mut found)?;
    }
    found.sort_unstable();
    Ok(found
        .into_iter()
        .map(|(_, path, size)| (path, size))
        .collect())
}

fn visit(
    entry: &DirEntry,
    path: &str,
    found: &mut Vec<(SystemTime, String, u64)>,
) -> io::Result<()> {
    // What goes away during the walk need not be counted.
    let facts = match entry.metadata() {
        Err(error) if is_absent(&error) => return Ok(()),
        facts => facts?,
    };
    if facts.is_file() {
        found.push((facts.modified()?, path.to_owned(), facts.len()));
    } else if facts.is_dir() {
        let children = match fs::read_dir(entry.path()) {
            Err(error) if is_absent(&error) => return Ok(()),
            children => children?,
        };
        for child in children {
            let child = child?;
            let path = format!("{path}/{}", child.file_name().to_string_lossy());
            visit(&child, &path, found)?;
        }
    }
    Ok(())
}
