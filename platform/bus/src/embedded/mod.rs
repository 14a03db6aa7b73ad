//! The embedded bus: topics, partitions, groups and offsets as tables in the database.
//!
//! The log is the outbox: what a transaction appends is published by its commit. Claims carry a
//! generation that fences commits of members that lost a partition without knowing. An idle bus
//! costs one small write per process and third of a lease; readers sleep until something commits.

mod alive;
mod dead;
mod group;
mod hub;
mod log;
mod member;
mod schema;
mod share;
mod subscription;

use std::sync::Arc;
use std::time::Duration;

use platform_core::Lifecycle;
use platform_db::{Db, DbError, MigrateError};
use rand::Rng as _;

use crate::{Bus, BusError, Outgoing, Subscription};
use alive::Sign;
use hub::Hub;
use member::Member;
use subscription::EmbeddedSubscription;

pub(crate) use log::append;

/// Partitions of every topic. Stored messages depend on it: it never changes.
const PARTITIONS: u8 = 8;

/// A place in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    topic: String,
    part: i32,
    pos: i64,
}

/// How patient the embedded bus is.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A process that does not beat for this long loses its partitions.
    pub lease: Duration,
    /// How long a member may finish what it was delivered before a partition that is promised to
    /// another goes without it.
    pub handover: Duration,
    /// How long messages are kept that every group has committed.
    pub retention: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            handover: Duration::from_mins(1),
            retention: Duration::from_hours(7 * 24),
        }
    }
}

/// A bus that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenBusError {
    /// Its tables cannot be made.
    #[error("the tables of the event bus cannot be made")]
    Migrate(#[from] MigrateError),
    /// The database failed.
    #[error("the event bus cannot read its database")]
    Read(#[from] DbError),
}

/// The embedded bus. Clones share its members.
#[derive(Debug, Clone)]
pub struct EmbeddedBus {
    hub: Arc<Hub>,
}

impl EmbeddedBus {
    /// Opens the bus in `db`. Its upkeep runs until `lifecycle` drains and all subscriptions are
    /// closed, or it stops.
    pub async fn open(db: Db, lifecycle: &Lifecycle) -> Result<Self, OpenBusError> {
        Self::open_with(db, lifecycle, Settings::default()).await
    }

    /// Like [`EmbeddedBus::open`], with a patience of one's own.
    pub async fn open_with(
        db: Db,
        lifecycle: &Lifecycle,
        settings: Settings,
    ) -> Result<Self, OpenBusError> {
        db.migrate("bus", schema::MIGRATIONS).await?;
        let process = random_id();
        let sign = Sign::put_up(&db, &process);
        let hub = Arc::new(Hub::new(db, settings, process, sign));
        lifecycle.spawn(Arc::clone(&hub).run(lifecycle.clone()));
        Ok(Self { hub })
    }
}

fn random_id() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

#[async_trait::async_trait]
impl Bus for EmbeddedBus {
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<(), BusError> {
        if messages.is_empty() {
            return Ok(());
        }
        let messages = &messages;
        self.hub
            .db
            .write(|mut tx| async move {
                append(&mut tx, messages).await?;
                tx.commit().await
            })
            .await?;
        Ok(())
    }

    async fn subscribe(
        &self,
        group: &str,
        topics: &[String],
    ) -> Result<Box<dyn Subscription>, BusError> {
        let member = Member::new(random_id(), group, topics);
        let subscription = EmbeddedSubscription::join(Arc::clone(&self.hub), member).await?;
        Ok(Box::new(subscription))
    }

    async fn lag(&self, group: &str, topic: &str) -> Result<u64, BusError> {
        Ok(group::lag(&self.hub.db, group, topic).await?)
    }

    fn dead_letters(&self) -> Option<&dyn crate::DeadLetters> {
        Some(self)
    }
}

impl From<DbError> for BusError {
    fn from(error: DbError) -> Self {
        if error.retryable() {
            Self::Unavailable(error.into())
        } else {
            Self::Broken(error.into())
        }
    }
}
