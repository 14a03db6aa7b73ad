//! What a member holds and has yet to deliver: no input or output.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use crate::Delivery;

/// Topic, as the caller knows it, and partition.
pub(super) type Partition = (String, i32);

/// What may wait here of a partition, in messages and bytes, before its fetching pauses, and
/// with how much less it goes on. A pause throws away what the library has fetched beyond, so
/// the distance is wide.
const FULL: (usize, usize) = (2_000, 4 << 20);
const LOW: (usize, usize) = (500, 1 << 20);

/// A partition that this member reads.
#[derive(Debug, Default)]
struct Holding {
    waiting: VecDeque<Delivery>,
    bytes: usize,
    /// First offset that was delivered.
    first: Option<i64>,
    /// Offset after the last that was delivered.
    next: i64,
    /// Offset after the last that was committed.
    committed: i64,
    /// Since when it is promised to another member: nothing new is delivered.
    promised: Option<Instant>,
    /// The caller wants nothing of it for now.
    held: bool,
    /// Its fetching is paused.
    paused: bool,
}

impl Holding {
    fn is_over(&self, limit: (usize, usize)) -> bool {
        self.waiting.len() >= limit.0 || self.bytes >= limit.1
    }

    fn is_idle(&self) -> bool {
        self.first.is_none() || self.committed >= self.next
    }

    fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(delivery.payload.len());
        if self.first.is_none() {
            self.first = Some(delivery.offset);
            self.committed = delivery.offset;
        }
        self.next = delivery.offset + 1;
        Some(delivery)
    }
}

/// What is to be done about a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The partition is not held, or the message was delivered before it moved away and back.
    Lost,
    /// It is committed already.
    Done,
    /// The brokers are to be told.
    Due,
}

/// All partitions that a member holds.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    partitions: BTreeMap<Partition, Holding>,
    /// Which partition to read first, so that a busy one does not starve the others.
    turn: usize,
}

impl Holdings {
    /// Begins to hold `partitions`.
    pub(super) fn add(&mut self, partitions: impl IntoIterator<Item = Partition>) {
        for partition in partitions {
            self.partitions.insert(partition, Holding::default());
        }
    }

    /// Holds `partitions` no more.
    pub(super) fn remove(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            self.partitions.remove(partition);
        }
    }

    /// Promises `partitions` to others: nothing new is delivered of them.
    pub(super) fn promise(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            if let Some(holding) = self.partitions.get_mut(partition) {
                holding.promised.get_or_insert_with(Instant::now);
                holding.waiting.clear();
                holding.bytes = 0;
            }
        }
    }

    /// Whether all that was delivered of `partitions` is committed.
    pub(super) fn are_idle(&self, partitions: &[Partition]) -> bool {
        partitions
            .iter()
            .filter_map(|partition| self.partitions.get(partition))
            .all(Holding::is_idle)
    }

    /// Takes in a fetched message. True when its partition's fetching should pause now.
    pub(super) fn offer(&mut self, delivery: Delivery) -> bool {
        let partition = (delivery.topic.clone(), delivery.partition);
        let Some(holding) = self.partitions.get_mut(&partition) else {
            return false;
        };
        if holding.promised.is_some() {
            return false;
        }
        holding.bytes += delivery.payload.len();
        holding.waiting.push_back(delivery);
        let full = holding.is_over(FULL) && !holding.paused;
        holding.paused |= full;
        full
    }

    /// Partitions whose fetching should go on now.
    pub(super) fn resumable(&mut self) -> Vec<Partition> {
        let hungry = |holding: &&mut Holding| holding.paused && !holding.is_over(LOW);
        self.partitions
            .iter_mut()
            .filter(|(_, holding)| hungry(holding))
            .map(|(partition, holding)| {
                holding.paused = false;
                partition.clone()
            })
            .collect()
    }

    /// Up to `max` messages, in order per partition, of all partitions in turn.
    pub(super) fn deliver(&mut self, max: usize) -> Vec<Delivery> {
        let mut ready: Vec<_> = self
            .partitions
            .values_mut()
            .filter(|holding| !holding.held && !holding.waiting.is_empty())
            .collect();
        if ready.is_empty() {
            return Vec::new();
        }
        let first = self.turn % ready.len();
        ready.rotate_left(first);
        self.turn = self.turn.wrapping_add(1);
        let messages = ready
            .into_iter()
            .flat_map(|holding| std::iter::from_fn(|| holding.pop()));
        messages.take(max.max(1)).collect()
    }

    /// Whether a partition waits for its fetching to go on.
    pub(super) fn any_paused(&self) -> bool {
        self.partitions.values().any(|holding| holding.paused)
    }

    /// What to do about a commit of what lies before `next`.
    pub(super) fn judge(&self, partition: &Partition, next: i64) -> Verdict {
        match self.partitions.get(partition) {
            Some(holding) if holding.first.is_some() && next <= holding.committed => Verdict::Done,
            Some(holding) if holding.first.is_some() && next <= holding.next => Verdict::Due,
            _ => Verdict::Lost,
        }
    }

    /// Records a commit of what lies before `next`.
    pub(super) fn committed(&mut self, partition: &Partition, next: i64) {
        if let Some(holding) = self.partitions.get_mut(partition) {
            holding.committed = holding.committed.max(next);
        }
    }

    /// Stops or resumes delivery of `partition` by the caller's wish.
    pub(super) fn hold(&mut self, partition: &Partition, held: bool) {
        if let Some(holding) = self.partitions.get_mut(partition) {
            holding.held = held;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: i32) -> Partition {
        ("t".to_owned(), number)
    }

    fn message(partition: i32, offset: i64) -> Delivery {
        Delivery {
            topic: "t".to_owned(),
            partition,
            offset,
            key: String::new(),
            payload: "1234".into(),
            headers: Vec::new(),
        }
    }

    fn holding(partitions: i32) -> Holdings {
        let mut holdings = Holdings::default();
        holdings.add((0..partitions).map(partition));
        holdings
    }

    fn offsets(deliveries: &[Delivery]) -> Vec<(i32, i64)> {
        deliveries.iter().map(|d| (d.partition, d.offset)).collect()
    }

    #[test]
    fn partitions_take_turns_and_keep_their_order() {
        let mut holdings = holding(2);
        for offset in 5..8 {
            holdings.offer(message(0, offset));
            holdings.offer(message(1, offset));
        }
        assert_eq!(offsets(&holdings.deliver(2)), [(0, 5), (0, 6)]);
        assert_eq!(offsets(&holdings.deliver(2)), [(1, 5), (1, 6)]);
        assert_eq!(offsets(&holdings.deliver(9)), [(0, 7), (1, 7)]);
        assert_eq!(holdings.deliver(9), []);
    }

    #[test]
    fn what_is_held_back_waits() {
        let mut holdings = holding(1);
        holdings.offer(message(0, 0));
        holdings.hold(&partition(0), true);
        assert_eq!(holdings.deliver(9), []);
        holdings.hold(&partition(0), false);
        assert_eq!(holdings.deliver(9).len(), 1);
    }

    #[test]
    fn a_partition_that_fills_up_pauses_once_and_goes_on_when_it_is_low() {
        let mut holdings = holding(1);
        let limit = i64::try_from(FULL.0).unwrap();
        let pauses = (0..limit + 5).filter(|n| holdings.offer(message(0, *n)));
        assert_eq!(pauses.collect::<Vec<_>>(), [limit - 1]);
        holdings.deliver(FULL.0 - LOW.0);
        assert_eq!(holdings.resumable(), []);
        holdings.deliver(6);
        assert_eq!(holdings.resumable(), [partition(0)]);
        assert_eq!(holdings.resumable(), []);
    }

    #[test]
    fn only_what_was_delivered_since_the_partition_came_is_committed_and_never_back() {
        let mut holdings = holding(1);
        let here = partition(0);
        assert_eq!(holdings.judge(&here, 6), Verdict::Lost);
        holdings.offer(message(0, 5));
        holdings.offer(message(0, 6));
        holdings.deliver(9);
        assert_eq!(holdings.judge(&here, 5), Verdict::Done);
        assert_eq!(holdings.judge(&here, 7), Verdict::Due);
        assert_eq!(holdings.judge(&here, 8), Verdict::Lost);
        holdings.committed(&here, 7);
        assert_eq!(holdings.judge(&here, 6), Verdict::Done);
        holdings.remove(std::slice::from_ref(&here));
        assert_eq!(holdings.judge(&here, 7), Verdict::Lost);
    }

    #[test]
    fn a_promised_partition_delivers_nothing_and_is_idle_when_all_is_committed() {
        let mut holdings = holding(1);
        let here = partition(0);
        assert!(holdings.are_idle(std::slice::from_ref(&here)));
        holdings.offer(message(0, 0));
        holdings.offer(message(0, 1));
        assert_eq!(holdings.deliver(1).len(), 1);
        holdings.promise(std::slice::from_ref(&here));
        holdings.offer(message(0, 2));
        assert_eq!(holdings.deliver(9), []);
        assert!(!holdings.are_idle(std::slice::from_ref(&here)));
        holdings.committed(&here, 1);
        assert!(holdings.are_idle(std::slice::from_ref(&here)));
    }
}
