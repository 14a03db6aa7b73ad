//! The films that lie here, and since when nobody uses them.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::StagedSource;
use super::remote::Remote;

/// A film's key, and its streams in the order in which its indexed file has them.
type Indexed = (String, Vec<u32>);

#[derive(Debug, Default)]
pub(super) struct Films {
    remote: HashMap<String, Kept<Remote>>,
    indexed: HashMap<Indexed, Kept<StagedSource>>,
    /// For names of files.
    made: u64,
}

/// Something kept, and when it was last asked for.
#[derive(Debug)]
struct Kept<T> {
    what: Arc<T>,
    used: Instant,
}

enum Name {
    Remote(String),
    Indexed(Indexed),
}

impl<T> Kept<T> {
    fn new(what: &Arc<T>) -> Self {
        Self {
            what: Arc::clone(what),
            used: Instant::now(),
        }
    }

    fn take(&mut self) -> Arc<T> {
        self.used = Instant::now();
        Arc::clone(&self.what)
    }

    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.what) == 1
    }
}

impl Films {
    /// A name that no other file has.
    pub(super) fn next_name(&mut self) -> String {
        self.made += 1;
        format!("film-{}", self.made)
    }

    pub(super) fn remote(&mut self, key: &str) -> Option<Arc<Remote>> {
        self.remote.get_mut(key).map(Kept::take)
    }

    pub(super) fn keep_remote(&mut self, key: &str, what: &Arc<Remote>) {
        self.remote.insert(key.to_owned(), Kept::new(what));
    }

    pub(super) fn indexed(&mut self, name: &Indexed) -> Option<Arc<StagedSource>> {
        self.indexed.get_mut(name).map(Kept::take)
    }

    pub(super) fn keep_indexed(&mut self, name: Indexed, what: &Arc<StagedSource>) {
        self.indexed.insert(name, Kept::new(what));
    }

    /// Lets go of films that nobody uses and nobody has asked for in `keep`. One that is in use
    /// begins to wait anew.
    pub(super) fn let_go(&mut self, keep: Duration) {
        fn stays<T>(kept: &mut Kept<T>, keep: Duration) -> bool {
            if !kept.is_idle() {
                kept.used = Instant::now();
                return true;
            }
            kept.used.elapsed() < keep
        }
        self.indexed.retain(|_, kept| stays(kept, keep));
        self.remote.retain(|_, kept| stays(kept, keep));
    }

    /// Lets go of films that nobody uses, the longest unused first, until no more than `budget`
    /// bytes are taken. What is in use stays.
    pub(super) async fn make_room(&mut self, budget: u64) -> io::Result<()> {
        let mut taken = 0;
        let mut idle = Vec::new();
        for (key, kept) in &self.remote {
            let bytes = kept.what.taken().await?;
            taken += bytes;
            if kept.is_idle() {
                idle.push((kept.used, bytes, Name::Remote(key.clone())));
            }
        }
        for (key, kept) in &self.indexed {
            taken += kept.what.size;
            if kept.is_idle() {
                idle.push((kept.used, kept.what.size, Name::Indexed(key.clone())));
            }
        }
        idle.sort_by_key(|(used, ..)| *used);
        for (_, bytes, name) in idle {
            if taken <= budget {
                break;
            }
            taken -= bytes;
            match name {
                Name::Remote(key) => drop(self.remote.remove(&key)),
                Name::Indexed(key) => drop(self.indexed.remove(&key)),
            }
        }
        Ok(())
    }
}
