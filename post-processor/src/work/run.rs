//! The one task that claims work and keeps within limits.

use std::sync::Arc;
use std::time::Duration;

use platform_core::backoff::Backoff;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tracing::{Instrument as _, info_span};

use super::{Outcome, WorkError, Workshop};
use crate::domain::part::BACKGROUND;
use crate::store::{Claim, LEASE_MS, StoreError};

/// How often to look for work that nobody told of, or that its worker left behind.
const SWEEP: Duration = Duration::from_secs(30);

/// Waits between attempts grow from half a second to half a minute, and never end: an edge may be
/// down for a day.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    limit: Duration::from_secs(30),
    attempts: u32::MAX,
};

/// How often a claim is renewed.
const HEARTBEAT: Duration = Duration::from_millis(LEASE_MS.cast_unsigned() / 3);

/// The wait when the database failed: a statement waits for it long enough.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Pieces of work at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) urgent: usize,
    pub(crate) background: usize,
}

/// Tells that there is work. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wake(Arc<Notify>);

impl Wake {
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }
}

/// Whether a finished piece of work was done in the background.
type Background = bool;

/// Works until draining begins; then what is under way is finished.
/// A panic in it ends the process, which then starts over from the rows.
pub(crate) async fn run(workshop: Workshop, limits: Limits, wake: Wake) -> Result<(), JoinError> {
    let mut under_way: JoinSet<Background> = JoinSet::new();
    let mut busy = Limits {
        urgent: 0,
        background: 0,
    };
    let lifecycle = workshop.lifecycle.clone();
    while !lifecycle.is_draining() {
        let pause = match claim(&workshop, limits, &mut busy, &mut under_way).await {
            Ok(pause) => pause,
            Err(error) => {
                report(&error, "the post-processor cannot look for work");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = lifecycle.draining() => {}
            () = wake.0.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(background) = under_way.join_next() => {
                if background? {
                    busy.background -= 1;
                } else {
                    busy.urgent -= 1;
                }
            }
        }
    }
    tokio::select! {
        () = lifecycle.stopping() => {}
        () = async { while under_way.join_next().await.is_some() {} } => {}
    }
    Ok(())
}

fn report(error: &(dyn std::error::Error + 'static), what: &str) {
    tracing::warn!(error, "{what}");
}

/// Starts what is due and there is room for. Returns how long there is nothing to start.
async fn claim(
    workshop: &Workshop,
    limits: Limits,
    busy: &mut Limits,
    under_way: &mut JoinSet<Background>,
) -> Result<Duration, StoreError> {
    let tasks = &workshop.tasks;
    let now = workshop.clock.now_ms();
    let free = limits.urgent.saturating_sub(busy.urgent);
    let mut claims = tasks.claim(false, free, now).await?;
    busy.urgent += claims.len();
    // Background work waits until nothing urgent is left.
    let free = limits.background.saturating_sub(busy.background);
    let idle = busy.urgent == 0;
    let background = tasks.claim(true, if idle { free } else { 0 }, now).await?;
    busy.background += background.len();
    claims.extend(background);
    for claim in claims {
        let (workshop, span) = (workshop.clone(), span(&claim));
        under_way.spawn(
            async move {
                attempt(&workshop, &claim).await;
                claim.job.part.rank() >= BACKGROUND
            }
            .instrument(span),
        );
    }
    // What is due already and was not claimed waits for room, not for time.
    let wait = tasks
        .next_due(now)
        .await?
        .map(|due| due.saturating_sub(now));
    let wait = wait.and_then(|wait| u64::try_from(wait).ok());
    Ok(wait.map_or(SWEEP, |wait| Duration::from_millis(wait).min(SWEEP)))
}

fn span(claim: &Claim) -> tracing::Span {
    let job = &claim.job;
    let span = info_span!(
        "post_processor.work",
        video = %job.video,
        revision = job.revision,
        edge = job.edge,
        part = %job.part,
    );
    platform_telemetry::set_parent(&span, &claim.traceparent);
    span
}

async fn attempt(workshop: &Workshop, claim: &Claim) {
    let outcome = tokio::select! {
        outcome = workshop.work(claim) => outcome,
        () = keep(workshop, claim) => Ok(Outcome::Lost),
    };
    if let Err(error) = end(workshop, claim, outcome).await {
        let what = "work is done again, since its end could not be recorded";
        report(&error, what);
    }
}

/// Keeps the claim until it is lost. A database that is away is no reason to let go: the claim's
/// number decides when it is back.
async fn keep(workshop: &Workshop, claim: &Claim) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match workshop.tasks.keep(claim, workshop.clock.now_ms()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => report(&error, "a claim cannot be kept"),
        }
    }
}

async fn end(
    workshop: &Workshop,
    claim: &Claim,
    outcome: Result<Outcome, WorkError>,
) -> Result<(), StoreError> {
    let (tasks, now) = (&workshop.tasks, workshop.clock.now_ms());
    let ours = match outcome {
        Ok(Outcome::Done { more, next }) => tasks.done(claim, &more, next.as_ref(), now).await?,
        Ok(Outcome::Later { after_ms, progress }) => {
            let due = now.saturating_add(after_ms);
            tasks.postpone(claim, progress, due).await?
        }
        Ok(Outcome::Lost) => false,
        Ok(Outcome::Unplaced) => tasks.unplaced(claim, now).await?,
        Err(error) => {
            let wait = BACKOFF.delay(claim.failures.saturating_add(1), &mut rand::rng());
            let reason = reason(&error);
            tracing::warn!(reason, failures = claim.failures + 1, "work is tried again");
            let wait = wait.unwrap_or(BACKOFF.limit);
            tasks.failed(claim, &reason, wait, now).await?
        }
    };
    if !ours {
        tracing::debug!("the work is somebody else's by now");
    }
    Ok(())
}

/// An error with all its causes, for the row.
fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
