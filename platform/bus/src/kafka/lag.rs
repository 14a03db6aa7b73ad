//! How far groups are behind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::Ear;

const PATIENCE: Duration = Duration::from_secs(10);

/// More than the library has to say between two calls.
const REMARKS: usize = 64;

/// Asks the brokers for groups' offsets, by a client for each group that never joins it.
pub(super) struct Lags {
    settings: ClientConfig,
    clients: Mutex<HashMap<String, Arc<BaseConsumer<Ear>>>>,
}

impl std::fmt::Debug for Lags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lags")
    }
}

impl Lags {
    pub(super) fn new(settings: ClientConfig) -> Self {
        Self {
            settings,
            clients: Mutex::default(),
        }
    }

    fn client(&self, group: &str) -> Result<Arc<BaseConsumer<Ear>>, KafkaError> {
        let guard = self.clients.lock();
        let mut clients = guard.unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(group) {
            return Ok(Arc::clone(client));
        }
        let mut settings = self.settings.clone();
        settings
            .set("group.id", group)
            .set("enable.auto.commit", "false");
        let client = Arc::new(settings.create_with_context(Ear::default())?);
        clients.insert(group.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// Messages of `topic` that `group` has not committed; all there are for a group that is
    /// unknown. Blocks.
    pub(super) fn measure(&self, group: &str, topic: &str) -> Result<u64, KafkaError> {
        let client = self.client(group)?;
        // What the library has to say waits in memory until someone listens.
        for _ in 0..REMARKS {
            drop(client.poll(Duration::ZERO));
        }
        let metadata = client.fetch_metadata(Some(topic), PATIENCE)?;
        let known = metadata.topics().iter().find(|known| known.name() == topic);
        let known = known.filter(|known| known.error().is_none());
        let known = known.ok_or(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition))?;
        let mut list = TopicPartitionList::new();
        for partition in known.partitions() {
            list.add_partition(topic, partition.id());
        }
        let committed = client.committed_offsets(list, PATIENCE)?;
        let mut behind = 0;
        for element in committed.elements() {
            let (low, high) = client.fetch_watermarks(topic, element.partition(), PATIENCE)?;
            let from = match element.offset() {
                Offset::Offset(committed) => committed.max(low),
                _ => low,
            };
            behind += u64::try_from(high - from).unwrap_or_default();
        }
        Ok(behind)
    }
}

impl Drop for Lags {
    /// Closing a client may block, and this may be a thread of the runtime.
    fn drop(&mut self) {
        let guard = self.clients.lock();
        let clients = std::mem::take(&mut *guard.unwrap_or_else(PoisonError::into_inner));
        if !clients.is_empty() {
            drop(std::thread::spawn(move || drop(clients)));
        }
    }
}
