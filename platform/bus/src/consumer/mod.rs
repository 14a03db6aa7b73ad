//! Runs a handler over a subscription.

mod lag;
mod session;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform_core::Lifecycle;
use platform_core::backoff::Backoff;
use schemas::v1::Event;
use tracing::warn;

use crate::{Bus, BusError, Topic};
use session::Session;
use worker::Worker;

/// Why a handler did not do its work, which decides what happens to the message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What it needs is away: it is tried again for as long as that lasts. Other messages would
    /// fare no better, and a person could do nothing about this one.
    #[error("what the handler needs is away")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It may succeed later.
    #[error("the handler could not do it now")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It never will: the message goes to the dead-letter topic with the reason.
    #[error("the handler can never do it")]
    Poison(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// A failure of what the handler needs.
    pub fn away(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Away(Box::new(error))
    }

    /// A failure that may pass.
    pub fn retry(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Retry(Box::new(error))
    }

    /// A lasting failure.
    pub fn poison(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Poison(Box::new(error))
    }
}

/// What a service does with the events of some topics. Every event can come twice: handlers are
/// idempotent.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Name of the consumer group.
    fn group(&self) -> &'static str;

    /// Topics that the group reads.
    fn topics(&self) -> &'static [Topic];

    /// Does what `event`, published under `key`, asks for. Work longer than a few seconds is
    /// handed to a task and acknowledged here.
    async fn handle(&self, key: &str, event: Event) -> Result<(), Failure>;
}

/// How patient a consumer is with its handler.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How often a message is tried, and how long to wait between.
    pub backoff: Backoff,
    /// How long one call may take.
    pub call: Duration,
}

impl Patience {
    /// The wait when what the handler needs was away `times` times: it never ends.
    fn away(&self, times: u32) -> Duration {
        let endless = Backoff {
            attempts: u32::MAX,
            ..self.backoff
        };
        let pause = endless.delay(times, &mut rand::rng());
        pause.unwrap_or(endless.limit)
    }
}

impl Default for Patience {
    /// Seven attempts within half a minute: what ends on a dead-letter topic needs a person.
    fn default() -> Self {
        Self {
            backoff: Backoff {
                first: Duration::from_millis(500),
                limit: Duration::from_secs(30),
                attempts: 7,
            },
            call: Duration::from_mins(1),
        }
    }
}

/// Runs `handler` until `lifecycle` drains: partitions in parallel, messages of a partition in
/// order.
///
/// Retries are bounded, with backoff; the rest become dead letters; a commit follows its effect. Each
/// call runs in a span that continues the publisher's trace. Failures of the bus are waited out.
pub async fn consume(
    bus: Arc<dyn Bus>,
    handler: Arc<dyn Handler>,
    lifecycle: Lifecycle,
) -> Result<(), BusError> {
    consume_with(bus, handler, lifecycle, Patience::default()).await
}

/// Like [`consume`], with a patience of one's own.
pub async fn consume_with(
    bus: Arc<dyn Bus>,
    handler: Arc<dyn Handler>,
    lifecycle: Lifecycle,
    patience: Patience,
) -> Result<(), BusError> {
    let topics: Vec<String> = handler
        .topics()
        .iter()
        .map(|topic| topic.name().to_owned())
        .collect();
    let (named, life) = (topics.clone(), lifecycle.clone());
    lifecycle.spawn(lag::report(Arc::clone(&bus), handler.group(), named, life));
    let mut failures = 0;
    let subscription = loop {
        match bus.subscribe(handler.group(), &topics).await {
            Ok(subscription) => break subscription,
            Err(error) => {
                failures += 1;
                let reason = worker::chain(&error);
                warn!(error = reason, group = handler.group(), "cannot subscribe");
                tokio::select! {
                    () = lifecycle.draining() => return Ok(()),
                    () = tokio::time::sleep(bus_pause(failures)) => {}
                }
            }
        }
    };
    let worker = Worker {
        bus,
        handler,
        lifecycle,
        patience,
    };
    Session::new(subscription, worker).run().await;
    Ok(())
}

/// How long to leave the bus alone after it failed `failures` times in a row.
pub(crate) fn bus_pause(failures: u32) -> Duration {
    let backoff = Backoff {
        first: Duration::from_millis(100),
        limit: Duration::from_secs(5),
        attempts: u32::MAX,
    };
    backoff
        .delay(failures, &mut rand::rng())
        .unwrap_or(backoff.limit)
}
