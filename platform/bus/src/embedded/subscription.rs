//! One member's view: messages in, commits out.

use std::sync::Arc;

use async_trait::async_trait;
use platform_db::DbError;
use tokio::sync::watch;

use super::hub::Hub;
use super::member::{Heads, Member};
use super::{Position, group, log};
use crate::{BusError, Delivery, Subscription};

#[derive(Debug)]
pub(super) struct EmbeddedSubscription {
    hub: Arc<Hub>,
    member: Arc<Member>,
    heads: watch::Receiver<Heads>,
    /// Which partition to read first, so that a busy one does not starve the others.
    turn: usize,
}

impl EmbeddedSubscription {
    pub(super) async fn join(hub: Arc<Hub>, member: Member) -> Result<Self, DbError> {
        let subscription = Self {
            heads: hub.heads.subscribe(),
            member: Arc::new(member),
            hub,
            turn: 0,
        };
        subscription.hub.add(&subscription.member);
        subscription.hub.reconcile().await?;
        subscription.hub.refresh().await?;
        Ok(subscription)
    }

    /// Reads what is pending, at most `max` messages. Nothing counts as delivered before all is
    /// read, so that a caller may drop the future at any time.
    async fn read(&mut self, max: usize) -> Result<Vec<Delivery>, DbError> {
        let mut pending = self.member.pending(&self.heads.borrow_and_update());
        if pending.is_empty() {
            return Ok(Vec::new());
        }
        let first = self.turn % pending.len();
        pending.rotate_left(first);
        let (mut left, mut batches) = (max.max(1), Vec::new());
        for position in pending {
            let batch = log::read(&self.hub.db, &position, left).await?;
            left -= batch.len();
            batches.push((position, batch));
            if left == 0 {
                break;
            }
        }
        self.turn = self.turn.wrapping_add(1);
        Ok(batches
            .into_iter()
            .filter_map(|(from, batch)| {
                let next = batch.last()?.offset + 1;
                self.member.deliver(&from, next).then_some(batch)
            })
            .flatten()
            .collect())
    }
}

#[async_trait]
impl Subscription for EmbeddedSubscription {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, BusError> {
        loop {
            let messages = self.read(max).await?;
            if !messages.is_empty() {
                return Ok(messages);
            }
            tokio::select! {
                changed = self.heads.changed() => changed.map_err(|e| BusError::Broken(e.into()))?,
                () = self.member.wake.notified() => {}
            }
        }
    }

    fn hold(&mut self, topic: &str, partition: i32, held: bool) {
        self.member.hold(&(topic.to_owned(), partition), held);
        self.member.wake.notify_one();
    }

    async fn commit(&mut self, delivery: &Delivery) -> Result<(), BusError> {
        let partition = (delivery.topic.clone(), delivery.partition);
        let generation = self.member.generation(&partition).ok_or(BusError::Lost)?;
        let to = Position {
            topic: delivery.topic.clone(),
            part: delivery.partition,
            pos: delivery.offset + 1,
        };
        if !group::commit(&self.hub.db, &self.member, generation, &to).await? {
            self.hub.nudge();
            return Err(BusError::Lost);
        }
        if self.member.committed(&partition, to.pos) {
            self.hub.nudge();
        }
        Ok(())
    }

    async fn close(self: Box<Self>) {
        self.hub.remove(&self.member);
        if let Err(error) = self.hub.reconcile().await {
            let reason: &dyn std::error::Error = &error;
            tracing::warn!(error = reason, "leaving the group is tried again");
            self.hub.nudge();
        }
    }
}

impl Drop for EmbeddedSubscription {
    fn drop(&mut self) {
        self.hub.remove(&self.member);
    }
}
