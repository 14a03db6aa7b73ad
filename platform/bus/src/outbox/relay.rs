//! Publishes what the outbox table holds, in order, from one process at a time.
//!
//! A row is put aside when the brokers have its message, and published again when they lose it.
//! Whoever takes over from a relay
//! that died publishes again what that one may have published already: handlers are idempotent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform_core::{Clock as _, Lifecycle, SystemClock};
use platform_db::{Db, DbError, MigrateError};
use rand::Rng as _;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, error, info, warn};

use super::kept::{self, Place};
use super::lease::{Candidate, Lease};
use super::table;
use crate::consumer::bus_pause;
use crate::{BusError, Outgoing};

/// Messages that are published at once.
const BATCH: i64 = 500;

/// How often the depth of the outbox is measured, and the brokers are asked whether they still have
/// what was published.
const MEASURE: Duration = Duration::from_secs(15);

/// Where the relay publishes.
#[async_trait]
pub(crate) trait Outlet: Send + Sync + std::fmt::Debug + 'static {
    /// Publishes `messages` in order and returns where they are when all are durable, however long
    /// that takes. A place that the brokers do not tell is left out.
    async fn publish(&self, messages: &[Outgoing]) -> Result<Vec<Place>, BusError>;

    /// Where the partitions of all topics end: what is published next gets that offset.
    async fn ends(&self) -> Result<Vec<Place>, BusError>;

    /// Publishes nothing more of what it was given.
    fn discard(&self);
}

/// A process's part in publishing the outbox.
#[derive(Debug)]
pub(crate) struct Relay<O> {
    db: Db,
    outlet: Arc<O>,
    lifecycle: Lifecycle,
    lease: Duration,
    keep: Duration,
    changes: watch::Receiver<u64>,
    failures: u32,
}

/// What became of a step.
enum Step {
    Done,
    /// Another process has the lease now, or the life stops.
    Over,
}

/// What one waits for with nothing to publish.
enum Event {
    Change,
    Beat,
    Measure,
    /// The brokers have told whether they have lost something.
    Answer(Result<Result<bool, BusError>, JoinError>),
    Stop,
}

/// A question to the brokers that may be under way: whether they have lost something.
type Question = Option<AbortOnDropHandle<Result<bool, BusError>>>;

/// What a beat does besides.
#[derive(Clone, Copy)]
enum News<'n> {
    Nothing,
    /// These rows are published, and are there.
    Published(&'n [i64], &'n [Place]),
    /// The brokers have lost something.
    Lost,
}

impl<O: Outlet> Relay<O> {
    /// Starts to publish what transactions append to the outbox of `db`, as soon as no other
    /// process does. A process that dies is replaced after `lease`. What is published is kept for
    /// `keep`, and published again if the brokers lose anything. When `lifecycle` drains, what is
    /// there is published and another process may go on at once.
    pub(crate) async fn start(
        db: Db,
        outlet: O,
        lifecycle: &Lifecycle,
        lease: Duration,
        keep: Duration,
    ) -> Result<(), MigrateError> {
        db.migrate("outbox", table::MIGRATIONS).await?;
        let relay = Self {
            // Every service appends.
            changes: db.changes(),
            db: db.about("outbox"),
            outlet: Arc::new(outlet),
            lifecycle: lifecycle.clone(),
            lease,
            keep,
            failures: 0,
        };
        lifecycle.spawn(relay.run());
        Ok(())
    }

    async fn run(mut self) {
        let name = format!("{:032x}", rand::rng().random::<u128>());
        let mut candidate = Candidate::new(name, self.lease);
        loop {
            match candidate.try_take(&self.db).await {
                Ok(Some(lease)) => {
                    debug!("this process publishes the outbox");
                    self.lead(lease).await;
                }
                Ok(None) => {}
                Err(error) => report(&error, "the outbox cannot be looked at"),
            }
            tokio::select! {
                () = self.lifecycle.draining() => return,
                () = sleep(self.lease / 10) => {}
            }
        }
    }

    /// Publishes until another process has the lease, or the life drains and all is published.
    async fn lead(&mut self, mut lease: Lease) {
        let mut beat = interval(self.lease / 4);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut measure = interval(MEASURE);
        let mut question: Question = None;
        loop {
            self.changes.borrow_and_update();
            let step = self.publish_next(&mut lease).await;
            let idle = match step {
                Ok(Some(Step::Over)) => break,
                Ok(Some(Step::Done)) => false,
                Ok(None) => true,
                Err(error) => {
                    report(&error, "the outbox cannot be read");
                    sleep(self.lease / 20).await;
                    false
                }
            };
            if !lease.is_ours() {
                info!("another process may publish the outbox now");
                break;
            }
            if !idle {
                continue;
            }
            if self.lifecycle.is_draining() {
                if let Err(error) = lease.give_back(&self.db).await {
                    report(&error, "others publish the outbox a little later");
                }
                return;
            }
            let event = tokio::select! {
                () = self.lifecycle.draining() => Event::Change,
                () = self.lifecycle.stopping() => Event::Stop,
                changed = self.changes.changed() => {
                    if changed.is_ok() { Event::Change } else { Event::Stop }
                }
                _ = beat.tick() => Event::Beat,
                _ = measure.tick() => Event::Measure,
                answer = answer(&mut question) => Event::Answer(answer),
            };
            let goes_on = match event {
                Event::Change => true,
                Event::Stop => false,
                Event::Measure => {
                    self.measure().await;
                    self.forget().await;
                    question.get_or_insert_with(|| self.ask());
                    true
                }
                Event::Beat => self.beat(&mut lease, News::Nothing).await,
                Event::Answer(answer) => {
                    question = None;
                    self.hear(&mut lease, answer).await;
                    true
                }
            };
            if !goes_on {
                break;
            }
        }
        self.outlet.discard();
    }

    /// Publishes the oldest messages. `None` when there are none.
    async fn publish_next(&mut self, lease: &mut Lease) -> Result<Option<Step>, DbError> {
        let rows = table::oldest(&self.db, BATCH).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let (ids, messages): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let Some(places) = self.publish(lease, &messages).await else {
            return Ok(Some(Step::Over));
        };
        // What was published and cannot be put aside is published again.
        while !self.beat(lease, News::Published(&ids, &places)).await {
            if !lease.is_ours() {
                return Ok(Some(Step::Over));
            }
            sleep(self.lease / 20).await;
        }
        Ok(Some(Step::Done))
    }

    /// Publishes `messages`, however long it takes; says where they are. `None` when the lease is
    /// lost or the life stops before.
    async fn publish(&mut self, lease: &mut Lease, messages: &[Outgoing]) -> Option<Vec<Place>> {
        loop {
            if !lease.is_ours() {
                return None;
            }
            let outcome = {
                let publishing = self.outlet.publish(messages);
                tokio::pin!(publishing);
                loop {
                    let beat = lease.until() - self.lease / 4;
                    tokio::select! {
                        outcome = &mut publishing => break outcome,
                        () = self.lifecycle.stopping() => return None,
                        () = sleep_until(beat) => {
                            if !self.beat(lease, News::Nothing).await && !lease.is_ours() {
                                return None;
                            }
                            if Instant::now() > beat {
                                sleep(self.lease / 20).await;
                            }
                        }
                    }
                }
            };
            let reason = match outcome {
                Ok(places) => {
                    self.failures = 0;
                    return Some(places);
                }
                Err(reason) => reason,
            };
            self.failures = self.failures.saturating_add(1);
            self.outlet.discard();
            complain(&reason);
            sleep(bus_pause(self.failures).min(self.lease / 4)).await;
            self.beat(lease, News::Nothing).await;
        }
    }

    /// Shows that this process publishes, and takes in `news`. False when that failed.
    async fn beat(&self, lease: &mut Lease, news: News<'_>) -> bool {
        let begin = Instant::now();
        let held = &*lease;
        let beaten = self.db.write(async |mut tx| {
            if !held.beat(&mut tx).await? {
                return Ok(None);
            }
            let lost = match news {
                News::Nothing => false,
                News::Published(ids, places) => {
                    kept::keep(&mut tx, ids).await?;
                    kept::reach(&mut tx, places).await?
                }
                News::Lost => true,
            };
            let again = if lost {
                Some(kept::publish_again(&mut tx).await?)
            } else {
                None
            };
            tx.commit().await?;
            Ok::<_, DbError>(Some(again))
        });
        match beaten.await {
            Ok(Some(again)) => {
                if let Some(events) = again {
                    error!(
                        events,
                        "the brokers have lost events: what is kept of them is published again"
                    );
                }
                lease.extend(begin);
                true
            }
            Ok(None) => {
                lease.lose();
                false
            }
            Err(error) => {
                report(&error, "the outbox cannot be kept up");
                false
            }
        }
    }

    /// Asks the brokers whether partitions still reach as far as they did before the question.
    fn ask(&self) -> AbortOnDropHandle<Result<bool, BusError>> {
        let (db, outlet) = (self.db.clone(), Arc::clone(&self.outlet));
        let question = async move {
            let reached = kept::reached(&db).await?;
            Ok(kept::fall_short(&outlet.ends().await?, &reached))
        };
        AbortOnDropHandle::new(self.lifecycle.spawn(question))
    }

    /// Has everything published again that is kept, when something is lost.
    async fn hear(&self, lease: &mut Lease, answer: Result<Result<bool, BusError>, JoinError>) {
        match answer {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => {
                // If this fails, the next question has the same answer.
                self.beat(lease, News::Lost).await;
            }
            Ok(Err(error)) => {
                let reason: &dyn std::error::Error = &error;
                debug!(error = reason, "the brokers do not say what they have");
            }
            Err(error) => debug!(%error, "the brokers were not asked what they have"),
        }
    }

    /// Forgets what was published long ago.
    async fn forget(&self) {
        let keep = i64::try_from(self.keep.as_millis()).unwrap_or(i64::MAX);
        let before = SystemClock.now_ms().saturating_sub(keep);
        loop {
            match kept::forget(&self.db, before).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return report(&error, "published events cannot be forgotten"),
            }
        }
    }

    async fn measure(&self) {
        match table::depth(&self.db).await {
            Ok((rows, oldest)) => {
                let age = oldest.map_or(0, |at| SystemClock.now_ms().saturating_sub(at));
                let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
                platform_telemetry::metrics::outbox(rows, age.as_secs_f64());
            }
            Err(error) => report(&error, "the outbox cannot be measured"),
        }
    }
}

/// The answer to `question`; waits for ever when there is none.
async fn answer(question: &mut Question) -> Result<Result<bool, BusError>, JoinError> {
    match question {
        Some(question) => question.await,
        None => std::future::pending().await,
    }
}

fn complain(error: &BusError) {
    let reason: &dyn std::error::Error = error;
    error!(error = reason, "events wait in the outbox");
}

fn report(error: &DbError, what: &'static str) {
    let reason: &dyn std::error::Error = error;
    warn!(error = reason, "{what}");
}
