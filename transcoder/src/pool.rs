//! Slots that take tasks as soon as there are any.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use platform_core::Lifecycle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::attempt::Workshop;
use crate::domain::Priority;
use crate::rush::Rush;
use crate::store::{Claim, Slots, StoreError};

/// Commits come in bursts; looking for tasks more often than this is of no use.
const BREATH: Duration = Duration::from_millis(5);
/// How long to wait when the database failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Look at least this often, in case the clock jumped.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Some slots for one kind of tasks.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    /// What each attempt needs.
    pub(crate) workshop: Arc<Workshop>,
    /// What the slots take.
    pub(crate) slots: Slots,
    /// How many there are.
    pub(crate) size: usize,
    /// Urgent work of all pools of this process.
    pub(crate) rush: Rush,
    /// Who takes tasks, for operators.
    pub(crate) worker: String,
}

impl Pool {
    /// Takes and works on tasks until `lifecycle` drains, then waits for those under way. Never
    /// fails: a database that is away comes back.
    pub(crate) async fn run(self, lifecycle: Lifecycle) -> Result<(), std::convert::Infallible> {
        let mut changes = self.workshop.store.changes();
        let mut rush = self.rush.changes();
        let mut running = FuturesUnordered::new();
        while !lifecycle.is_draining() {
            changes.mark_unchanged();
            rush.mark_unchanged();
            let looked = Instant::now();
            let more = self.fill(&mut running, &lifecycle).await;
            let full = running.len() >= self.size;
            tokio::select! {
                () = lifecycle.draining() => {}
                Some(ended) = running.next() => note(ended),
                () = wait(&mut changes, more), if !full => {
                    tokio::time::sleep_until(looked + BREATH).await;
                }
                // The sender lives as long as this does.
                Ok(()) = rush.changed(), if !full => {}
            }
        }
        while let Some(ended) = running.next().await {
            note(ended);
        }
        Ok(())
    }

    /// Fills the free slots; how long to wait for more when nothing is committed meanwhile.
    async fn fill(
        &self,
        running: &mut FuturesUnordered<JoinHandle<()>>,
        lifecycle: &Lifecycle,
    ) -> Duration {
        while running.len() < self.size && !lifecycle.is_draining() {
            match self.next().await {
                Ok(Some(claim)) => running.push(lifecycle.spawn(self.work(claim))),
                Ok(None) => return self.idle().await,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(error, "no task can be taken");
                    return PAUSE;
                }
            }
        }
        LONGEST_WAIT
    }

    async fn next(&self) -> Result<Option<Claim>, StoreError> {
        let lease = self.workshop.times.lease;
        let mut slots = self.slots;
        if !self.rush.is_over() {
            slots.least = slots.least.min(Priority::First);
        }
        self.workshop.store.claim(slots, &self.worker, lease).await
    }

    fn work(&self, claim: Claim) -> impl Future<Output = ()> + Send + 'static {
        let workshop = Arc::clone(&self.workshop);
        let hurry = claim.urgent.then(|| self.rush.enter());
        async move {
            workshop.attempt(claim).await;
            drop(hurry);
        }
    }

    /// A lease or a pause that ends is not a commit: somebody has to look then.
    async fn idle(&self) -> Duration {
        match self.workshop.store.next_due(self.slots.queue).await {
            Ok(due) => due.map_or(LONGEST_WAIT, |due| due.clamp(BREATH, LONGEST_WAIT)),
            Err(_) => PAUSE,
        }
    }
}

async fn wait(changes: &mut watch::Receiver<u64>, longest: Duration) {
    // Neither an end of the wait nor of the database needs an answer of its own.
    drop(tokio::time::timeout(longest, changes.changed()).await);
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(crash) = ended {
        // The lease ends, and the task is taken over.
        error!(%crash, "an attempt crashed");
    }
}
