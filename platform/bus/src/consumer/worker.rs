//! The messages of one partition, one after the other.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use platform_core::Lifecycle;
use schemas::v1::Event;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument as _, error, info_span, warn};

use super::{Failure, Handler, Patience, bus_pause};
use crate::{Bus, Delivery, dlq};

/// A call that took too long.
#[derive(Debug, thiserror::Error)]
#[error("the handler did not end within {0:?}")]
struct TooLong(Duration);

/// What handles messages; one for all partitions.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) lifecycle: Lifecycle,
    pub(super) patience: Patience,
}

impl Worker {
    /// Handles `messages` in order and reports each that is done, until they end, the partition
    /// is `lost` or the life drains.
    pub(super) async fn run(
        self,
        mut messages: mpsc::UnboundedReceiver<Delivery>,
        done: mpsc::UnboundedSender<Delivery>,
        lost: CancellationToken,
    ) {
        let lifecycle = self.lifecycle.clone();
        loop {
            let message = tokio::select! {
                biased;
                () = lost.cancelled() => return,
                () = lifecycle.draining() => return,
                message = messages.recv() => message,
            };
            let Some(message) = message else { return };
            let settled = tokio::select! {
                () = lifecycle.stopping() => return,
                settled = self.settle(&message, &lost) => settled,
            };
            if !settled || done.send(message).is_err() {
                return;
            }
        }
    }

    /// Brings `message` to its end, good or bad. False when that must be left to another time.
    async fn settle(&self, message: &Delivery, lost: &CancellationToken) -> bool {
        let event = match schemas::decode(&message.payload) {
            Ok(event) => event,
            Err(error) => return self.bury(message, &error, 1, lost).await,
        };
        let (mut attempt, mut away) = (1, 0);
        loop {
            let (reason, delay, counts) = match self.call(message, event.clone(), attempt).await {
                Ok(()) => return true,
                Err(Failure::Poison(reason)) => (reason, None, true),
                Err(Failure::Away(reason)) => {
                    away += 1;
                    (reason, Some(self.patience.away(away)), false)
                }
                Err(Failure::Retry(reason)) => {
                    let delay = self.patience.backoff.delay(attempt, &mut rand::rng());
                    (reason, delay, true)
                }
            };
            let Some(delay) = delay else {
                return self.bury(message, reason.as_ref(), attempt, lost).await;
            };
            warn!(
                group = self.handler.group(),
                topic = message.topic,
                key = message.key,
                attempt,
                error = chain(reason.as_ref()),
                "an event will be handled again"
            );
            if !self.wait(delay, lost).await {
                return false;
            }
            attempt += u32::from(counts);
        }
    }

    /// Calls the handler in a task of its own, so that its panic or its hanging is a failure like
    /// any other.
    async fn call(&self, message: &Delivery, event: Event, attempt: u32) -> Result<(), Failure> {
        let span = info_span!(
            "handle event",
            otel.kind = "consumer",
            group = self.handler.group(),
            topic = message.topic,
            partition = message.partition,
            offset = message.offset,
            attempt,
        );
        if let Some(traceparent) = message.header("traceparent") {
            platform_telemetry::set_parent(&span, traceparent);
        }
        let (handler, key) = (Arc::clone(&self.handler), message.key.clone());
        let call = async move { handler.handle(&key, event).await }.instrument(span);
        let task = AbortOnDropHandle::new(self.lifecycle.spawn(call));
        match tokio::time::timeout(self.patience.call, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(Failure::retry(panic)),
            Err(_elapsed) => Err(Failure::retry(TooLong(self.patience.call))),
        }
    }

    /// Publishes `message` on its dead-letter topic, however long that takes.
    async fn bury(
        &self,
        message: &Delivery,
        reason: &(dyn Error + Send + Sync + 'static),
        attempts: u32,
        lost: &CancellationToken,
    ) -> bool {
        let (group, reason) = (self.handler.group(), chain(reason));
        error!(
            group,
            topic = message.topic,
            key = message.key,
            attempts,
            error = reason,
            "an event could not be handled: it is a dead letter now"
        );
        let letter = dlq::letter(message, group, reason, attempts);
        let mut failures = 0;
        while let Err(error) = self.bus.publish(vec![letter.clone()]).await {
            failures += 1;
            let reason = chain(&error);
            warn!(error = reason, "the dead letter cannot be kept yet");
            if !self.wait(bus_pause(failures), lost).await {
                return false;
            }
        }
        true
    }

    /// Waits for `delay`. False when there is no time left or no point in it.
    async fn wait(&self, delay: Duration, lost: &CancellationToken) -> bool {
        tokio::select! {
            () = self.lifecycle.draining() => false,
            () = lost.cancelled() => false,
            () = tokio::time::sleep(delay) => true,
        }
    }
}

/// `error` and its causes in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
