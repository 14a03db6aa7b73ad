//! Brings each edge what it has not been told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use platform_core::{Clock, Lifecycle, Redacted};
use platform_db::DbError;
use platform_http::Client;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Denials;
use super::speak::{Untold, Voice};
use crate::store::{Edge, Edges};

/// Between two looks at an edge's mark when there is no news: an edge may have lost what it knew,
/// and another process may have heard what this one did not.
const LOOK: Duration = Duration::from_secs(10);

/// Between two attempts at an edge that was not told.
const AGAIN: Duration = Duration::from_secs(1);

/// How long an edge may be behind before it gets no more viewers.
const BEHIND: Duration = Duration::from_secs(30);

/// Names on their way to an edge at a time.
const AT_ONCE: usize = 16;

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the edge was not told")]
    Edge(#[from] Untold),
    #[error("the rows cannot be read")]
    Rows(#[from] DbError),
}

/// Since when edges could not be told, by their ids. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behind(Arc<Mutex<HashMap<String, Instant>>>);

impl Behind {
    fn since(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the edge `id` lets through for too long what it should not.
    pub(crate) fn is_too_far(&self, id: &str) -> bool {
        let since = self.since().get(id).copied();
        since.is_some_and(|since| since.elapsed() >= BEHIND)
    }

    /// Returns whether it was behind too far before.
    fn caught_up(&self, id: &str) -> bool {
        let since = self.since().remove(id);
        since.is_some_and(|since| since.elapsed() >= BEHIND)
    }

    fn fell_behind(&self, id: &str) {
        let mut since = self.since();
        since.entry(id.to_owned()).or_insert_with(Instant::now);
    }
}

/// Tells edges. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Teller {
    edges: Edges,
    denials: Denials,
    voice: Voice,
    clock: Arc<dyn Clock>,
    behind: Behind,
    news: Arc<Notify>,
}

impl Teller {
    pub(crate) fn new(
        edges: Edges,
        denials: Denials,
        client: Client,
        credentials: HashMap<String, Redacted>,
        clock: Arc<dyn Clock>,
        news: Arc<Notify>,
    ) -> Self {
        Self {
            edges,
            denials,
            voice: Voice::new(client, credentials),
            clock,
            behind: Behind::default(),
            news,
        }
    }

    /// Which edges are behind.
    pub(crate) fn behind(&self) -> &Behind {
        &self.behind
    }

    /// Tells all edges until `lifecycle` drains, each as fast as it answers.
    pub(crate) async fn run(self, lifecycle: Lifecycle) {
        let mut told: HashMap<String, Arc<Notify>> = HashMap::new();
        loop {
            match self.edges.all().await {
                Ok(edges) => {
                    told.retain(|id, _| edges.iter().any(|edge| edge.id == *id));
                    for edge in edges {
                        let begin = || self.begin(&edge.id, &lifecycle);
                        told.entry(edge.id.clone())
                            .or_insert_with(begin)
                            .notify_one();
                    }
                }
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "the edges that are to be told are not known");
                }
            }
            tokio::select! {
                () = lifecycle.draining() => return,
                () = self.news.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Begins to tell the edge `id`. Returns what wakes that.
    fn begin(&self, id: &str, lifecycle: &Lifecycle) -> Arc<Notify> {
        let wake = Arc::new(Notify::new());
        let (teller, woken) = (self.clone(), Arc::clone(&wake));
        lifecycle.spawn(teller.attend(id.to_owned(), woken, lifecycle.clone()));
        wake
    }

    /// Tells the edge `id` whenever it is woken, until it is registered no more.
    async fn attend(self, id: String, woken: Arc<Notify>, lifecycle: Lifecycle) {
        let mut warned = false;
        loop {
            let told = match self.edges.get(&id).await {
                Ok(None) => return,
                Ok(Some(edge)) => self.catch_up(&edge).await,
                Err(error) => Err(error.into()),
            };
            let failed = told.is_err();
            match told {
                Ok(()) => {
                    if self.behind.caught_up(&id) {
                        tracing::info!(edge = id, "the edge knows again what it must refuse");
                    }
                    warned = false;
                }
                Err(error) => {
                    self.behind.fell_behind(&id);
                    if self.behind.is_too_far(&id) && !warned {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(
                            error,
                            edge = id,
                            "the edge cannot be told what it must refuse: new viewers go elsewhere"
                        );
                        warned = true;
                    }
                }
            }
            tokio::select! {
                () = lifecycle.draining() => return,
                () = woken.notified() => {}
                () = tokio::time::sleep(AGAIN), if failed => {}
            }
        }
    }

    /// Tells `edge` all that it does not know.
    async fn catch_up(&self, edge: &Edge) -> Result<(), Failed> {
        let last = self.denials.last().await?;
        let mark = self.voice.mark(edge).await?;
        // One beyond our end is of rows that are not ours, or were lost.
        let mut mark = if mark > last { 0 } else { mark };
        loop {
            let next = self.denials.after(mark, self.clock.now_ms()).await?;
            let Some(reached) = next.last().map(|entry| entry.sequence) else {
                return Ok(());
            };
            let telling = next.iter();
            let telling = telling.map(|one| self.voice.tell(edge, &one.name, String::new()));
            stream::iter(telling.collect::<Vec<_>>())
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
            // Not before all of them: whoever looks next goes on from here.
            self.voice.tell(edge, "mark", reached.to_string()).await?;
            mark = reached;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_edge_may_be_behind_for_half_a_minute() {
        let behind = Behind::default();
        behind.fell_behind("a");
        tokio::time::advance(BEHIND / 2).await;
        behind.fell_behind("a");
        assert!(!behind.is_too_far("a"));
        tokio::time::advance(BEHIND / 2).await;
        assert!(behind.is_too_far("a") && !behind.is_too_far("b"));
        assert!(behind.caught_up("a"));
        assert!(!behind.is_too_far("a"));
        assert!(!behind.caught_up("a"));
    }
}
