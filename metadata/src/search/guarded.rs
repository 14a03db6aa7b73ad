//! A search index on another machine, which may fail without taking anybody with it.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tracing::{info, warn};

use super::breaker::{Breaker, Ending, Permit};
use super::{Change, Listed, Page, Query, SearchError, SearchErrorKind, SearchIndex};

/// An index behind a circuit breaker: after some failures or slow answers calls fail at once.
#[derive(Debug)]
pub struct Guarded<I> {
    index: I,
    /// A search that takes longer is as bad as a failure.
    slow: Duration,
    breaker: Mutex<Breaker>,
}

impl<I> Guarded<I> {
    /// Guards `index`, whose searches should not take longer than `slow`.
    pub fn new(index: I, slow: Duration) -> Self {
        Self {
            index,
            slow,
            breaker: Mutex::new(Breaker::new()),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call, unless calls are useless at the moment. `slow` is when it is as bad as failed.
    async fn call<T>(
        &self,
        slow: Option<Duration>,
        call: impl Future<Output = Result<T, SearchError>> + Send,
    ) -> Result<T, SearchError> {
        let permit = self.breaker().admit(Instant::now()).map_err(away)?;
        let mut attempt = Attempt {
            of: &self.breaker,
            permit: Some(permit),
            began: Instant::now(),
            slow,
        };
        let outcome = call.await;
        let failed = |error: &SearchError| error.kind() == SearchErrorKind::Away;
        attempt.end(match &outcome {
            Err(error) if failed(error) => Ending::Bad,
            _ => Ending::Good,
        });
        outcome
    }
}

/// A call under way. It can be dropped, when nobody waits for it any more.
struct Attempt<'a> {
    of: &'a Mutex<Breaker>,
    permit: Option<Permit>,
    began: Instant,
    slow: Option<Duration>,
}

impl Attempt<'_> {
    fn end(&mut self, ending: Ending) {
        let Some(permit) = self.permit.take() else {
            return;
        };
        let took_long = self.slow.is_some_and(|slow| self.began.elapsed() >= slow);
        let ending = if took_long { Ending::Bad } else { ending };
        let mut breaker = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        match (breaker.record(Instant::now(), permit, ending), ending) {
            (true, Ending::Good) => info!("the search index answers again"),
            (true, _) => warn!("the search index fails or is slow: it is left alone for a moment"),
            (false, _) => {}
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.end(Ending::Unknown);
    }
}

fn away(wait: Duration) -> SearchError {
    let sentence =
        "the search index failed or was slow several times: it is left alone for a moment";
    SearchError::new(SearchErrorKind::Away, sentence).retry_after(wait)
}

#[async_trait]
impl<I: SearchIndex> SearchIndex for Guarded<I> {
    async fn id(&self) -> Result<String, SearchError> {
        self.call(None, self.index.id()).await
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
        self.call(None, self.index.apply(changes)).await
    }

    async fn search(&self, query: Query) -> Result<Page, SearchError> {
        self.call(Some(self.slow), self.index.search(query)).await
    }

    async fn list(&self, after: &str, limit: usize) -> Result<Vec<Listed>, SearchError> {
        self.call(None, self.index.list(after, limit)).await
    }

    async fn clear(&self) -> Result<String, SearchError> {
        self.call(None, self.index.clear()).await
    }

    async fn begin_next(&self) -> Result<String, SearchError> {
        self.call(None, self.index.begin_next()).await
    }

    async fn fill(&self, next: &str, changes: Vec<Change>) -> Result<(), SearchError> {
        self.call(None, self.index.fill(next, changes)).await
    }

    async fn switch_to(&self, next: &str) -> Result<(), SearchError> {
        self.call(None, self.index.switch_to(next)).await
    }
}
