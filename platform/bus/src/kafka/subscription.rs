//! One member's view: messages in, commits out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::reader::{Command, Commit, Shared};
use crate::{BusError, Delivery, Subscription};

/// How long leaving a group may take. The brokers notice later what does not leave in time.
const CLOSE: Duration = Duration::from_secs(10);

/// The member's thread has ended, and the process is about to.
#[derive(Debug, thiserror::Error)]
#[error("the subscription is closed")]
struct Closed;

pub(super) struct KafkaSubscription {
    pub(super) shared: Arc<Shared>,
    pub(super) commands: Sender<Command>,
}

impl KafkaSubscription {
    fn tell(&self, command: Command) {
        // A thread that has ended has nothing left to do.
        self.commands.send(command).unwrap_or_default();
    }
}

#[async_trait]
impl Subscription for KafkaSubscription {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            if let Some(failure) = self.shared.take_failure() {
                return Err(failure);
            }
            let (messages, paused) = {
                let mut holdings = self.shared.holdings();
                (holdings.deliver(max), holdings.any_paused())
            };
            if paused {
                self.tell(Command::Look);
            }
            if !messages.is_empty() {
                return Ok(messages);
            }
            if self.shared.ended.load(Ordering::Relaxed) {
                return Err(BusError::Broken(Box::new(Closed)));
            }
            self.shared.wake.notified().await;
        }
    }

    async fn commit(&mut self, delivery: &Delivery) -> Result<(), BusError> {
        let (reply, outcome) = oneshot::channel();
        self.tell(Command::Commit(Commit {
            partition: (delivery.topic.clone(), delivery.partition),
            next: delivery.offset + 1,
            since: Instant::now(),
            reply,
        }));
        outcome.await.unwrap_or(Err(BusError::Lost))
    }

    fn hold(&mut self, topic: &str, partition: i32, held: bool) {
        let partition = (topic.to_owned(), partition);
        self.shared.holdings().hold(&partition, held);
        self.shared.wake.notify_one();
    }

    async fn close(self: Box<Self>) {
        let (done, closed) = oneshot::channel();
        self.tell(Command::Close(Some(done)));
        if timeout(CLOSE, closed).await.is_err() {
            warn!("leaving the group takes too long: others notice when its session ends");
        }
    }
}

impl Drop for KafkaSubscription {
    fn drop(&mut self) {
        self.tell(Command::Close(None));
    }
}
