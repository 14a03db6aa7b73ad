//! Events between services.
//!
//! One seam, [`Bus`], with one conformance suite (`testkit::conformance::bus`). What it promises,
//! whatever is behind it:
//!
//! * messages of one key are delivered to a group in the order they were published;
//! * every message is delivered to every group at least once, also when a member dies;
//! * a group that comes back goes on from its committed offset;
//! * what was published is there after `kill -9`.
//!
//! Facts that belong to a row change are not published on the bus but appended to the
//! [`outbox`] in the row's own transaction. On the embedded bus the outbox *is* the log.

mod config;
mod consumer;
mod dlq;
mod embedded;
mod kafka;
pub mod outbox;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

pub use config::{Config, Mechanism, Security};
pub use consumer::{Failure, Handler, Patience, consume, consume_with};
pub use dlq::{DeadLetter, topic_of as dead_letter_topic};
pub use embedded::{EmbeddedBus, OpenBusError, Settings};
pub use kafka::{KafkaBus, OpenKafkaError};
pub use schemas::Topic;

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: String,
    /// Messages of one key stay in order.
    pub key: String,
    /// The event's bytes, see [`schemas::encode`].
    pub payload: Bytes,
    /// Names are lowercase; `traceparent` is set by [`outbox`] and [`publish_event`].
    pub headers: Vec<(String, String)>,
}

/// A message as a group gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where from.
    pub topic: String,
    /// Partition of the topic.
    pub partition: i32,
    /// Position in the partition.
    pub offset: i64,
    /// The publisher's key.
    pub key: String,
    /// The event's bytes.
    pub payload: Bytes,
    /// The publisher's headers.
    pub headers: Vec<(String, String)>,
}

impl Delivery {
    /// The value of header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A bus that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It cannot be reached at the moment; the same call may succeed later.
    #[error("the event bus cannot be reached at the moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The subscription lost the partition to another member: its delivery is not its own any more.
    #[error("the partition belongs to another member of the group now")]
    Lost,
    /// The stored data or our use of the bus is wrong.
    #[error("the event bus failed")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The event bus.
#[async_trait]
pub trait Bus: Send + Sync + std::fmt::Debug {
    /// Publishes `messages` durably, those of a key in order. When it fails, any of them may be
    /// published all the same, now or later, and the same call is to be made again.
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<(), BusError>;

    /// Joins `group` on `topics`. Partitions are shared among the group's members and move when
    /// members come, go or die.
    async fn subscribe(
        &self,
        group: &str,
        topics: &[String],
    ) -> Result<Box<dyn Subscription>, BusError>;

    /// How many messages of `topic` the group has not committed.
    async fn lag(&self, group: &str, topic: &str) -> Result<u64, BusError>;

    /// The dead letters, where the bus keeps them itself; on Kafka they are messages like others.
    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        None
    }
}

/// Messages that a group gave up on.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Up to `limit` of them, oldest first.
    async fn list(&self, limit: u32) -> Result<Vec<DeadLetter>, BusError>;

    /// Publishes what lies at this place of a dead-letter topic to where it came from, and removes it
    /// there. False when there is nothing any more.
    async fn replay(&self, topic: &str, partition: i32, offset: i64) -> Result<bool, BusError>;

    /// Removes what lies there. False when there is nothing any more.
    async fn discard(&self, topic: &str, partition: i32, offset: i64) -> Result<bool, BusError>;
}

/// One member of a group.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for messages: at least one, at most `max`, in order per partition. A message that was
    /// returned is not returned again to this member unless its partition moved away and back.
    /// Membership is kept alive in the background, however long the caller works. A future that
    /// is dropped before it completes loses nothing.
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, BusError>;

    /// Marks `delivery`, and what came before it in its partition, as done. [`BusError::Lost`]
    /// when the partition has moved to another member, who will get the message (again).
    async fn commit(&mut self, delivery: &Delivery) -> Result<(), BusError>;

    /// Holds back messages of a partition that come too fast for the caller, or lets them come
    /// again. Forgotten when the partition moves.
    fn hold(&mut self, topic: &str, partition: i32, held: bool);

    /// Leaves the group, so that others take over without waiting for a timeout.
    async fn close(self: Box<Self>);
}

/// Publishes an event that belongs to no row change, on `topic` under `key`.
pub async fn publish_event(
    bus: &Arc<dyn Bus>,
    topic: Topic,
    key: &str,
    event: &schemas::v1::Event,
) -> Result<(), BusError> {
    bus.publish(vec![outbox::message(topic, key, event)]).await
}
