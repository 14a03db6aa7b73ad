//! Publishes what the outbox table holds, in order, from one process at a time.
//!
//! A row is deleted when the brokers have its message for good. Whoever takes over from a relay
//! that died publishes again what that one may have published already: handlers are idempotent.

use std::time::Duration;

use async_trait::async_trait;
use platform_core::{Clock as _, Lifecycle, SystemClock};
use platform_db::{Db, DbError, MigrateError};
use rand::Rng as _;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tracing::{debug, error, info, warn};

use super::lease::{Candidate, Lease};
use super::table;
use crate::consumer::bus_pause;
use crate::{BusError, Outgoing};

/// Messages that are published at once.
const BATCH: i64 = 500;

/// How often the depth of the outbox is measured.
const MEASURE: Duration = Duration::from_secs(15);

/// Where the relay publishes.
#[async_trait]
pub(crate) trait Outlet: Send + Sync + std::fmt::Debug + 'static {
    /// Publishes `messages` in order and returns when all are durable, however long that takes.
    async fn publish(&self, messages: &[Outgoing]) -> Result<(), BusError>;

    /// Publishes nothing more of what it was given.
    fn discard(&self);
}

/// A process's part in publishing the outbox.
#[derive(Debug)]
pub(crate) struct Relay<O> {
    db: Db,
    outlet: O,
    lifecycle: Lifecycle,
    lease: Duration,
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
    Stop,
}

impl<O: Outlet> Relay<O> {
    /// Starts to publish what transactions append to the outbox of `db`, as soon as no other
    /// process does. A process that dies is replaced after `lease`. When `lifecycle` drains, what
    /// is there is published and another process may go on at once.
    pub(crate) async fn start(
        db: Db,
        outlet: O,
        lifecycle: &Lifecycle,
        lease: Duration,
    ) -> Result<(), MigrateError> {
        db.migrate("outbox", table::MIGRATIONS).await?;
        let relay = Self {
            changes: db.changes(),
            db,
            outlet,
            lifecycle: lifecycle.clone(),
            lease,
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
            };
            match event {
                Event::Change => {}
                Event::Stop => break,
                Event::Measure => self.measure().await,
                Event::Beat => {
                    if !self.beat(&mut lease, &[]).await {
                        break;
                    }
                }
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
        if !self.publish(lease, &messages).await {
            return Ok(Some(Step::Over));
        }
        // What was published and cannot be deleted is published again.
        while !self.beat(lease, &ids).await {
            if !lease.is_ours() {
                return Ok(Some(Step::Over));
            }
            sleep(self.lease / 20).await;
        }
        Ok(Some(Step::Done))
    }

    /// Publishes `messages`, however long it takes. False when the lease is lost or the life
    /// stops before.
    async fn publish(&mut self, lease: &mut Lease, messages: &[Outgoing]) -> bool {
        loop {
            if !lease.is_ours() {
                return false;
            }
            let outcome = {
                let publishing = self.outlet.publish(messages);
                tokio::pin!(publishing);
                loop {
                    let beat = lease.until() - self.lease / 4;
                    tokio::select! {
                        outcome = &mut publishing => break outcome,
                        () = self.lifecycle.stopping() => return false,
                        () = sleep_until(beat) => {
                            if !self.beat(lease, &[]).await && !lease.is_ours() {
                                return false;
                            }
                            if Instant::now() > beat {
                                sleep(self.lease / 20).await;
                            }
                        }
                    }
                }
            };
            let Err(reason) = outcome else {
                self.failures = 0;
                return true;
            };
            self.failures = self.failures.saturating_add(1);
            self.outlet.discard();
            complain(&reason);
            sleep(bus_pause(self.failures).min(self.lease / 4)).await;
            self.beat(lease, &[]).await;
        }
    }

    /// Shows that this process publishes, and deletes what it has published. False when that
    /// failed.
    async fn beat(&self, lease: &mut Lease, published: &[i64]) -> bool {
        let begin = Instant::now();
        let held = &*lease;
        let beaten = self.db.write(async |mut tx| {
            if !held.beat(&mut tx).await? {
                return Ok(false);
            }
            if !published.is_empty() {
                table::delete(&mut tx, published).await?;
            }
            tx.commit().await?;
            Ok::<_, DbError>(true)
        });
        match beaten.await {
            Ok(true) => {
                lease.extend(begin);
                true
            }
            Ok(false) => {
                lease.lose();
                false
            }
            Err(error) => {
                report(&error, "the outbox cannot be kept up");
                false
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

fn complain(error: &BusError) {
    let reason: &dyn std::error::Error = error;
    error!(error = reason, "events wait in the outbox");
}

fn report(error: &DbError, what: &'static str) {
    let reason: &dyn std::error::Error = error;
    warn!(error = reason, "{what}");
}
