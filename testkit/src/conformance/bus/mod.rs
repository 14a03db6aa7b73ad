//! What every event bus promises, whatever is behind it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod consumer;
mod delivery;
mod groups;
mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform_bus::Bus;
use platform_core::Lifecycle;
use platform_db::Db;
use tokio::runtime::Runtime;

/// Longer than any case takes when all is well, on a busy machine too.
const LIMIT: Duration = Duration::from_mins(2);

/// A bus that processes come to and go from. Each case gets a fresh one.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// A further process. Members of a process that dies should be noticed within a second.
    async fn process(&self) -> Process;
}

/// One process on the bus: whatever runs in it ends at once when it is killed or dropped.
#[derive(Debug)]
pub struct Process {
    /// Its bus.
    pub bus: Arc<dyn Bus>,
    /// The database whose transactions publish, where there is one.
    pub db: Option<Db>,
    /// Its life.
    pub lifecycle: Lifecycle,
    host: Host,
}

/// What a process's tasks run on.
#[derive(Debug)]
struct Host(Option<Runtime>);

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Process {
    /// Starts a process whose bus `open` opens.
    ///
    /// # Panics
    /// When that fails.
    pub async fn start<F>(open: impl FnOnce(Lifecycle) -> F) -> Self
    where
        F: Future<Output = (Arc<dyn Bus>, Option<Db>)> + Send + 'static,
    {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let host = runtime.worker_threads(2).enable_all().build().unwrap();
        let lifecycle = Lifecycle::new();
        let (bus, db) = host.spawn(open(lifecycle.clone())).await.unwrap();
        Self {
            bus,
            db,
            lifecycle,
            host: Host(Some(host)),
        }
    }

    /// Runs `task` in the process; [`Process::stop`] waits for it.
    pub fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let _inside = self.host.0.as_ref().map(Runtime::enter);
        self.lifecycle.spawn(task);
    }

    /// Ends the process without a word to anyone.
    pub fn kill(self) {
        drop(self);
    }

    /// Ends the process in order. Its subscriptions are to be dropped before.
    pub async fn stop(self) {
        let forever = std::future::pending();
        let grace = Duration::from_secs(20);
        self.lifecycle.finish(grace, forever).await;
    }
}

/// Runs every case against a cluster that `fresh` makes, and panics at the first that fails.
pub async fn run<C: Cluster>(fresh: impl AsyncFn() -> C) {
    macro_rules! cases {
        ($($module:ident::$case:ident),* $(,)?) => {$({
            let cluster = fresh().await;
            let case = $module::$case(&cluster);
            let ended = tokio::time::timeout(LIMIT, Box::pin(case)).await;
            assert!(ended.is_ok(), "{} did not end", stringify!($case));
            tracing::info!(case = stringify!($case), "holds");
        })*};
    }
    cases! {
        delivery::messages_of_a_key_keep_their_order,
        delivery::every_group_gets_every_message,
        delivery::key_payload_and_headers_arrive_as_they_were,
        delivery::a_dropped_wait_loses_nothing,
        delivery::lag_counts_what_is_not_committed,
        delivery::the_outbox_publishes_with_its_transaction_only,
        delivery::ten_thousand_messages_arrive,
        groups::a_group_goes_on_from_where_it_committed,
        groups::what_a_dead_member_had_not_committed_comes_again,
        groups::who_lost_a_partition_cannot_commit,
        groups::a_held_partition_waits_and_others_do_not,
        groups::members_come_go_and_die_and_nothing_is_lost,
        consumer::a_passing_failure_is_tried_again,
        consumer::what_is_away_is_waited_for_however_often,
        consumer::a_lasting_failure_becomes_a_dead_letter_after_the_last_attempt,
        consumer::poison_and_nonsense_become_dead_letters_at_once,
        consumer::panics_and_hangs_are_failures,
        consumer::a_slow_partition_keeps_nobody_waiting,
        consumer::draining_finishes_what_is_under_way,
    }
}
