//! What a member of this process holds, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Position;
use super::share::{Claim, Local, Partition};

/// The next position of every partition, as last read.
pub(super) type Heads = BTreeMap<String, BTreeMap<i32, i64>>;

/// A partition that this member reads.
#[derive(Debug, Clone)]
struct Holding {
    generation: i64,
    /// Next position to deliver.
    delivered: i64,
    /// Next position to commit.
    committed: i64,
    /// Since when it is promised to another member: nothing new is delivered.
    revoked: Option<Instant>,
    /// The caller wants nothing of it for now.
    held: bool,
}

/// A member of a group.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) topics: Vec<String>,
    /// Notified when the holdings changed.
    pub(super) wake: Notify,
    holdings: Mutex<BTreeMap<Partition, Holding>>,
}

impl Member {
    pub(super) fn new(id: String, group: &str, topics: &[String]) -> Self {
        let distinct: BTreeSet<_> = topics.iter().cloned().collect();
        Self {
            id,
            group: group.to_owned(),
            topics: distinct.into_iter().collect(),
            wake: Notify::new(),
            holdings: Mutex::default(),
        }
    }

    fn holdings(&self) -> MutexGuard<'_, BTreeMap<Partition, Holding>> {
        self.holdings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This member for planning. What was promised longer than `patience` ago is not busy any
    /// more, whatever its reader does.
    pub(super) fn local(&self, patience: Duration) -> Local {
        let busy = |holding: &Holding| {
            holding.delivered > holding.committed
                && holding
                    .revoked
                    .is_none_or(|since| since.elapsed() < patience)
        };
        Local {
            member: self.id.clone(),
            group: self.group.clone(),
            topics: self.topics.clone(),
            busy: self
                .holdings()
                .iter()
                .filter(|(_, holding)| busy(holding))
                .map(|(partition, _)| partition.clone())
                .collect(),
        }
    }

    /// Stops delivery of `partition`, which is about to be released. False when messages were
    /// delivered since `local` was planned with.
    pub(super) fn freeze(&self, partition: &Partition, local: &Local) -> bool {
        let mut holdings = self.holdings();
        let Some(holding) = holdings.get_mut(partition) else {
            return true;
        };
        let overdue = holding.revoked.is_some() && !local.busy.contains(partition);
        holding.revoked.get_or_insert_with(Instant::now);
        overdue || holding.delivered == holding.committed
    }

    /// Takes over what the tables say that this member holds, `revoked` of it not for long.
    pub(super) fn adopt(&self, claims: &[Claim], revoked: &BTreeSet<Partition>) {
        let mut holdings = self.holdings();
        let mut old = std::mem::take(&mut *holdings);
        for claim in claims.iter().filter(|claim| claim.member == self.id) {
            let partition = (claim.topic.clone(), claim.part);
            let mut holding = old
                .remove(&partition)
                .filter(|holding| holding.generation == claim.generation)
                .unwrap_or(Holding {
                    generation: claim.generation,
                    delivered: claim.committed,
                    committed: claim.committed,
                    revoked: None,
                    held: false,
                });
            holding.revoked = revoked
                .contains(&partition)
                .then(|| holding.revoked.unwrap_or_else(Instant::now));
            holdings.insert(partition, holding);
        }
        drop(holdings);
        self.wake.notify_one();
    }

    /// Where there is something to deliver.
    pub(super) fn pending(&self, heads: &Heads) -> Vec<Position> {
        self.holdings()
            .iter()
            .filter(|(_, holding)| holding.revoked.is_none() && !holding.held)
            .filter(|((topic, part), holding)| head(heads, topic, *part) > holding.delivered)
            .map(|((topic, part), holding)| Position {
                topic: topic.clone(),
                part: *part,
                pos: holding.delivered,
            })
            .collect()
    }

    /// Records that what lies between `from` and `next` is delivered. False when the partition is
    /// not to be delivered from there any more.
    pub(super) fn deliver(&self, from: &Position, next: i64) -> bool {
        self.holdings()
            .get_mut(&(from.topic.clone(), from.part))
            .filter(|holding| holding.revoked.is_none() && holding.delivered == from.pos)
            .map(|holding| holding.delivered = next)
            .is_some()
    }

    /// Under which generation this member holds `partition`.
    pub(super) fn generation(&self, partition: &Partition) -> Option<i64> {
        self.holdings().get(partition).map(|h| h.generation)
    }

    /// Records a commit. True when the partition was only waiting for it to be released.
    pub(super) fn committed(&self, partition: &Partition, next: i64) -> bool {
        let mut holdings = self.holdings();
        let Some(holding) = holdings.get_mut(partition) else {
            return false;
        };
        holding.committed = holding.committed.max(next);
        holding.delivered = holding.delivered.max(next);
        holding.revoked.is_some() && holding.delivered == holding.committed
    }

    /// Stops or resumes delivery of `partition` by the caller's wish.
    pub(super) fn hold(&self, partition: &Partition, held: bool) {
        if let Some(holding) = self.holdings().get_mut(partition) {
            holding.held = held;
        }
    }

    /// Whether a partition waits to be given to another member.
    pub(super) fn is_giving(&self) -> bool {
        self.holdings().values().any(|h| h.revoked.is_some())
    }
}

fn head(heads: &Heads, topic: &str, part: i32) -> i64 {
    heads
        .get(topic)
        .and_then(|parts| parts.get(&part))
        .copied()
        .unwrap_or_default()
}
