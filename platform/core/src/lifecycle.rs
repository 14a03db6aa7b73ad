//! Two-stage shutdown with every task accounted for.
//!
//! *Draining* asks tasks to finish what they hold and take nothing new; *stopping* follows when
//! the grace period is over or a second signal comes. The process ends only when every task has.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span, error, info};

/// Spawns a process's tasks and ends them in order. Clones share one life.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    drain: CancellationToken,
    stop: CancellationToken,
    tasks: TaskTracker,
    crashed: Arc<AtomicBool>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifecycle {
    /// A life that has just begun.
    pub fn new() -> Self {
        let stop = CancellationToken::new();
        Self {
            drain: stop.child_token(),
            stop,
            tasks: TaskTracker::new(),
            crashed: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Runs `task` until it ends; shutdown waits for it. The span of the caller goes with it.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task.instrument(Span::current()))
    }

    /// Runs `task`, without which the process is of no use: when it ends with an error, or at all
    /// before draining began, everything drains and the process fails.
    pub fn spawn_vital<F, E>(&self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let life = self.clone();
        self.spawn(async move {
            let outcome = task.await;
            if let Err(reason) = &outcome {
                let reason: &dyn std::error::Error = reason;
                error!(task = name, error = reason, "a task failed");
            } else if !life.is_draining() {
                error!(task = name, "a task ended before its time");
            } else {
                return;
            }
            life.crashed.store(true, Ordering::SeqCst);
            life.drain.cancel();
        });
    }

    /// Completes when the process should take no new work.
    pub async fn draining(&self) {
        self.drain.cancelled().await;
    }

    /// Whether the process should take no new work.
    pub fn is_draining(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Completes when the process should drop what it holds.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// The token behind [`Lifecycle::draining`], for libraries that take one.
    pub fn drain_token(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// The token behind [`Lifecycle::stopping`].
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Begins to drain.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Waits for a signal or a failed vital task, drains for at most `grace`, then stops. Returns
    /// whether the life ended as it should.
    pub async fn run_until_signal(&self, grace: Duration, signals: &mut Signals) -> bool {
        tokio::select! {
            () = signals.next() => info!("draining: finishing what is under way"),
            () = self.draining() => {}
        }
        self.finish(grace, signals.next()).await
    }

    /// Drains for at most `grace` or until `hurry` completes, then stops, and waits for every
    /// task. Returns whether no vital task failed.
    pub async fn finish(&self, grace: Duration, hurry: impl Future<Output = ()>) -> bool {
        self.drain.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {}
            () = tokio::time::sleep(grace) => info!("the grace period is over: stopping"),
            () = hurry => info!("stopping at once"),
        }
        self.stop.cancel();
        self.tasks.wait().await;
        !self.crashed.load(Ordering::SeqCst)
    }
}

/// SIGINT and SIGTERM, which from here on do not end the process by themselves.
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Begins to listen: before anybody is told that the process serves.
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Completes when one comes.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn draining_waits_for_work_under_way() {
        let life = Lifecycle::new();
        let (done, mut is_done) = tokio::sync::oneshot::channel();
        let inner = life.clone();
        life.spawn(async move {
            inner.draining().await;
            assert_eq!(done.send(()), Ok(()));
        });
        assert!(
            life.finish(Duration::from_secs(5), std::future::pending())
                .await
        );
        assert_eq!(is_done.try_recv(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_grace_period_ends_what_does_not_drain() {
        let life = Lifecycle::new();
        let inner = life.clone();
        life.spawn(async move { inner.stopping().await });
        assert!(
            life.finish(Duration::from_secs(30), std::future::pending())
                .await
        );
    }

    #[tokio::test]
    async fn a_vital_task_that_fails_ends_the_life_in_failure() {
        let life = Lifecycle::new();
        life.spawn_vital("broken", async { Err(std::io::Error::other("no")) });
        life.draining().await;
        assert!(
            !life
                .finish(Duration::from_secs(5), std::future::pending())
                .await
        );
    }
}
