//! Publishing: acknowledged by all replicas, in order, without duplicates of the library's making.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _, PurgeConfig};
use tokio::time::sleep;
use tracing::warn;

use super::client::{Ear, Names};
use crate::Outgoing;
use crate::outbox::Place;

type Producer = FutureProducer<Ear>;

/// How long a broker may take to say where a partition ends.
const ASK: Duration = Duration::from_secs(5);

/// How long to wait for room in the library's queue.
const FULL: Duration = Duration::from_millis(10);

/// Publishes messages. Those of a key stay in order, also of calls that follow upon failed ones:
/// the library keeps what it was given until the brokers have it, so that it never skips one.
#[derive(Debug)]
pub(super) struct Publisher {
    settings: ClientConfig,
    names: Names,
    producer: Mutex<Handle>,
}

#[derive(Clone)]
struct Handle(Arc<Producer>);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("producer")
    }
}

impl Publisher {
    pub(super) fn new(mut settings: ClientConfig, names: Names) -> Result<Self, KafkaError> {
        settings
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // For ever: a message that is given up must not be overtaken by the next.
            .set("message.timeout.ms", "0")
            .set("linger.ms", "1")
            // As the Java client does, so that whoever publishes too finds the same partition.
            .set("partitioner", "murmur2_random");
        let producer = Mutex::new(create(&settings)?);
        Ok(Self {
            settings,
            names,
            producer,
        })
    }

    fn producer(&self) -> Handle {
        let guard = self.producer.lock();
        guard.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes `messages` in order, and returns where they are when all are durable. When that
    /// fails, or is given up, any of them may have been, or may still be, published.
    pub(super) async fn publish(&self, messages: &[Outgoing]) -> Result<Vec<Place>, KafkaError> {
        let producer = self.producer();
        let outcome = self.send(&producer.0, messages).await;
        if outcome.is_err() {
            self.replace_if_dead(&producer);
        }
        outcome
    }

    /// Publishes nothing more of what it was given.
    pub(super) fn discard(&self) {
        let all = PurgeConfig::default().queue().inflight();
        self.producer().0.purge(all);
    }

    /// Where the partitions of `topics` end; a topic that is gone has none. Blocks.
    pub(super) fn ends(&self, topics: &[String]) -> Result<Vec<Place>, KafkaError> {
        let producer = self.producer();
        let client = producer.0.client();
        let mut ends = Vec::new();
        for topic in topics {
            let name = self.names.topic(topic);
            let metadata = client.fetch_metadata(Some(&name), ASK)?;
            let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
            for partition in partitions {
                let (_, offset) = client.fetch_watermarks(&name, partition.id(), ASK)?;
                ends.push(Place {
                    topic: topic.clone(),
                    part: partition.id(),
                    offset,
                });
            }
        }
        Ok(ends)
    }

    async fn send(
        &self,
        producer: &Producer,
        messages: &[Outgoing],
    ) -> Result<Vec<Place>, KafkaError> {
        let mut waiting = Vec::with_capacity(messages.len());
        for message in messages {
            waiting.push(self.enqueue(producer, message).await?);
        }
        let mut places = Vec::with_capacity(messages.len());
        for (one, message) in waiting.into_iter().zip(messages) {
            let delivered = one.await.map_err(|_gone| KafkaError::Canceled)?;
            let delivered = delivered.map_err(|(error, _message)| error)?;
            // Of a message that was sent twice the brokers may not say where it is.
            if delivered.offset >= 0 {
                places.push(Place {
                    topic: message.topic.clone(),
                    part: delivered.partition,
                    offset: delivered.offset,
                });
            }
        }
        Ok(places)
    }

    async fn enqueue(
        &self,
        producer: &Producer,
        message: &Outgoing,
    ) -> Result<DeliveryFuture, KafkaError> {
        let topic = self.names.topic(&message.topic);
        let mut headers = OwnedHeaders::new_with_capacity(message.headers.len());
        for (key, value) in &message.headers {
            headers = headers.insert(Header {
                key,
                value: Some(value),
            });
        }
        let mut record = FutureRecord::to(&topic)
            .key(&message.key)
            .payload(message.payload.as_ref())
            .headers(headers);
        loop {
            match producer.send_result(record) {
                Ok(delivery) => return Ok(delivery),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => record = back,
                Err((error, _back)) => return Err(error),
            }
            sleep(FULL).await;
        }
    }

    /// A producer that the brokers lost track of is of no use any more.
    fn replace_if_dead(&self, producer: &Handle) {
        let Some((code, reason)) = producer.0.client().fatal_error() else {
            return;
        };
        warn!(%code, reason, "publishing begins anew");
        let guard = self.producer.lock();
        let mut current = guard.unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current.0, &producer.0)
            && let Ok(fresh) = create(&self.settings)
        {
            *current = fresh;
        }
    }
}

fn create(settings: &ClientConfig) -> Result<Handle, KafkaError> {
    let producer = settings.create_with_context(Ear::default())?;
    Ok(Handle(Arc::new(producer)))
}
