//! The relay's way to the brokers, which makes topics anew that are gone.

use std::sync::Arc;

use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use tracing::warn;

use super::client::explain;
use super::publisher::Publisher;
use super::topics;
use crate::config::Config;
use crate::dlq;
use crate::outbox::{Outlet, Place};
use crate::{BusError, Outgoing};

/// Publishes what the relay gives it.
#[derive(Debug)]
pub(super) struct KafkaOutlet {
    pub(super) publisher: Arc<Publisher>,
    pub(super) settings: ClientConfig,
    pub(super) config: Config,
    /// Every topic that there is to be.
    pub(super) topics: Vec<String>,
}

impl KafkaOutlet {
    /// Somebody deleted them, or the brokers lost everything: services that run do not have to be
    /// started again for that.
    async fn make_topics(&self) {
        warn!("topics are gone: they are made anew");
        if let Err(error) = topics::ensure(&self.settings, &self.config, &self.topics).await {
            let reason: &dyn std::error::Error = &error;
            warn!(error = reason, "the topics cannot be made anew yet");
        }
    }
}

#[async_trait]
impl Outlet for KafkaOutlet {
    async fn publish(&self, messages: &[Outgoing]) -> Result<Vec<Place>, BusError> {
        let outcome = self.publisher.publish(messages).await;
        if outcome.as_ref().is_err_and(is_topic_gone) {
            self.make_topics().await;
        }
        outcome.map_err(explain)
    }

    async fn ends(&self) -> Result<Vec<Place>, BusError> {
        let alive = |topic: &&String| !dlq::is_dead_letter_topic(topic);
        let topics: Vec<_> = self.topics.iter().filter(alive).cloned().collect();
        let (publisher, asked) = (Arc::clone(&self.publisher), topics.clone());
        let ends = tokio::task::spawn_blocking(move || publisher.ends(&asked)).await;
        let ends = ends.map_err(|error| BusError::Broken(error.into()))?;
        let mut ends = ends.map_err(explain)?;
        let is_gone = |topic: &&String| ends.iter().all(|end| end.topic != **topic);
        let gone: Vec<_> = topics.iter().filter(is_gone).cloned().collect();
        if !gone.is_empty() {
            self.make_topics().await;
            ends.extend(gone.into_iter().map(|topic| Place {
                topic,
                part: 0,
                offset: 0,
            }));
        }
        Ok(ends)
    }

    fn discard(&self) {
        self.publisher.discard();
    }
}

fn is_topic_gone(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition)
    )
}
