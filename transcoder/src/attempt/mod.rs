//! One attempt at one task: hold it, do it, settle it.

mod clear;
mod encode;
mod failure;
mod finish;
mod lease;
mod plan;
mod shelf;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use media::plan::PlanSettings;
use platform_blob::Blobs;
use platform_core::{Clock, Lifecycle};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, error, info, info_span, warn};

pub(crate) use failure::Failure;
pub(crate) use lease::{Lease, LeaseTimes};
pub(crate) use shelf::{Output, Shelf};

use crate::domain::{Film, Work};
use crate::encode::Urgency;
use crate::store::{Claim, Store, StoreError, Verdict};
use crate::studio::{Order, Studio};
use failure::Consequence;

/// What every attempt needs. Clones share it.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) store: Store,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) studio: Arc<dyn Studio>,
    pub(crate) plans: PlanSettings,
    pub(crate) times: LeaseTimes,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifecycle: Lifecycle,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workshop").finish_non_exhaustive()
    }
}

impl Workshop {
    /// Works on a claimed task until it is done, failed, lost or given back. The span belongs to
    /// the trace in which the upload began.
    pub(crate) async fn attempt(&self, claim: Claim) {
        let segments = claim.work.segments();
        let span = info_span!(
            "transcode.task",
            task.kind = claim.work.kind(),
            task.tracks = claim.work.tracks_text(),
            task.first_segment = segments.start,
            task.segments = segments.len(),
            task.attempt = claim.attempt,
            video.id = %claim.film.video,
        );
        platform_telemetry::set_parent(&span, &claim.traceparent);
        async {
            // Nothing of an attempt is looked at after a panic: what it wrote is judged by its lease.
            let held = AssertUnwindSafe(self.hold(&claim)).catch_unwind().await;
            let ended = held.unwrap_or_else(|panic| Err(Failure::panicked(&*panic)));
            if let Err(failure) = ended {
                self.settle(&claim, &failure).await;
            }
        }
        .instrument(span)
        .await;
    }

    /// Works while the lease is kept. Whatever ends first drops the rest, and with it its
    /// processes.
    async fn hold(&self, claim: &Claim) -> Result<(), Failure> {
        if claim.deaths > failure::DEATHS && claim.work.may_fail() {
            // Its workers died with it: not once more.
            let verdict = Verdict::Never(failure::crashed());
            return Ok(self.store.fail(claim, &claim.last_error, &verdict).await?);
        }
        let lease = Lease {
            store: &self.store,
            claim,
            times: self.times,
        };
        let cancel = self.lifecycle.stop_token().child_token();
        let ends_with_us = cancel.clone().drop_guard();
        let done = tokio::select! {
            done = self.work(claim, &lease, cancel) => done,
            lost = lease.keep() => Err(lost),
            () = self.lifecycle.stopping() => Err(Failure::Stopped),
        };
        drop(ends_with_us);
        done
    }

    async fn work(
        &self,
        claim: &Claim,
        lease: &Lease<'_>,
        cancel: CancellationToken,
    ) -> Result<(), Failure> {
        let film = self.store.film(&claim.film).await?.ok_or(Failure::Stale)?;
        let objects = Shelf {
            blobs: &self.blobs,
            lease,
            film: &claim.film,
        };
        let order = Order {
            source_key: film.source_key.clone(),
            urgency: if claim.urgent {
                Urgency::Urgent
            } else {
                Urgency::Bulk
            },
            cancel,
        };
        let job = Job {
            shop: self,
            claim,
            film: &film,
            shelf: objects,
            order,
        };
        match &claim.work {
            Work::Plan => job.plan().await,
            Work::Video { rungs, segments } => job.video(rungs, segments.clone()).await,
            Work::Audio { track, segments } => job.audio(*track, segments.clone()).await,
            Work::Finish => job.finish().await,
            Work::Clear { again } => job.clear(*again).await,
        }
    }

    async fn settle(&self, claim: &Claim, failure: &Failure) {
        let report = failure.report();
        let attempt = if claim.work.may_fail() {
            claim.attempt
        } else {
            claim.attempt.min(failure::FEW)
        };
        let settled = match failure.consequence(attempt) {
            Consequence::LetGo => {
                info!(task = %claim.id, "the task is not ours any more");
                return;
            }
            Consequence::Release { pause } => {
                info!(task = %claim.id, reason = report, "the task is given back");
                self.store.release(claim, pause, &report).await
            }
            Consequence::Fail(verdict) => {
                let last = matches!(verdict, Verdict::Never(_));
                warn!(task = %claim.id, last, reason = report, "an attempt failed");
                self.store.fail(claim, &report, &verdict).await
            }
        };
        match settled {
            Ok(()) | Err(StoreError::Stale) => {}
            // Its lease ends, and it is taken over.
            Err(failed) => {
                let failed: &dyn std::error::Error = &failed;
                error!(error = failed, task = %claim.id, "the task cannot be given back now");
            }
        }
    }
}

/// A task in the hands of a worker.
pub(crate) struct Job<'a> {
    shop: &'a Workshop,
    claim: &'a Claim,
    film: &'a Film,
    shelf: Shelf<'a>,
    order: Order,
}
