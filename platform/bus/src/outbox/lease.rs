//! Who runs the relay: one process at a time, by a row that its holder lets beat.
//!
//! Beats are counted, not timed, so that a clock that jumps evicts nobody. Taking the row raises
//! its fence, and everything that the holder does to the table it does under its fence.

use std::time::Duration;

use platform_db::{Db, DbError, Tx};
use sqlx::Row as _;
use tokio::time::Instant;

/// The row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    owner: String,
    fence: i64,
    beat: i64,
}

/// A process that would run the relay.
#[derive(Debug)]
pub(super) struct Candidate {
    name: String,
    lease: Duration,
    /// The row, and since when it has stood there.
    seen: Option<(Seen, Instant)>,
}

/// The right to run the relay.
#[derive(Debug)]
pub(super) struct Lease {
    name: String,
    fence: i64,
    /// Until then nobody else takes it.
    until: Instant,
    lasts: Duration,
}

impl Candidate {
    pub(super) fn new(name: String, lease: Duration) -> Self {
        Self {
            name,
            lease,
            seen: None,
        }
    }

    /// Takes the lease when nobody has it, or its holder has not beaten for as long as it lasts.
    pub(super) async fn try_take(&mut self, db: &Db) -> Result<Option<Lease>, DbError> {
        let row = sqlx::query("SELECT owner, fence, beat FROM bus_relay WHERE id = 1")
            .fetch_one(db.reader())
            .await?;
        let now = Seen {
            owner: row.try_get("owner")?,
            fence: row.try_get("fence")?,
            beat: row.try_get("beat")?,
        };
        let since = match &self.seen {
            Some((seen, since)) if *seen == now => *since,
            _ => Instant::now(),
        };
        self.seen = Some((now.clone(), since));
        if !now.owner.is_empty() && since.elapsed() < self.lease {
            return Ok(None);
        }
        let begin = Instant::now();
        let taken = db
            .write(async |mut tx| {
                let taken = sqlx::query(
                    "UPDATE bus_relay SET owner = $1, fence = fence + 1, beat = beat + 1
                     WHERE id = 1 AND fence = $2 AND beat = $3",
                )
                .bind(&self.name)
                .bind(now.fence)
                .bind(now.beat)
                .execute(tx.conn())
                .await?
                .rows_affected();
                tx.commit().await?;
                Ok::<_, DbError>(taken)
            })
            .await?;
        Ok((taken == 1).then(|| Lease {
            name: self.name.clone(),
            fence: now.fence + 1,
            until: begin + safe(self.lease),
            lasts: self.lease,
        }))
    }
}

/// How long a holder relies on a beat: less than others wait for the next.
fn safe(lease: Duration) -> Duration {
    lease * 2 / 3
}

impl Lease {
    /// Whether nobody else can have taken it.
    pub(super) fn is_ours(&self) -> bool {
        Instant::now() < self.until
    }

    /// When nobody can say any more whether it is ours.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Beats, together with what else `tx` does. False when another has taken the lease: `tx` is
    /// not to be committed.
    pub(super) async fn beat(&self, tx: &mut Tx) -> Result<bool, DbError> {
        let beaten = sqlx::query(
            "UPDATE bus_relay SET beat = beat + 1 WHERE id = 1 AND owner = $1 AND fence = $2",
        )
        .bind(&self.name)
        .bind(self.fence)
        .execute(tx.conn())
        .await?
        .rows_affected();
        Ok(beaten == 1)
    }

    /// Records that a beat that began at `begin` is committed.
    pub(super) fn extend(&mut self, begin: Instant) {
        self.until = begin + safe(self.lasts);
    }

    /// Records that another has taken it.
    pub(super) fn lose(&mut self) {
        self.until = Instant::now();
    }

    /// Lets another take the lease at once.
    pub(super) async fn give_back(self, db: &Db) -> Result<(), DbError> {
        db.write(async |mut tx| {
            sqlx::query(
                "UPDATE bus_relay SET owner = '', beat = beat + 1
                 WHERE id = 1 AND owner = $1 AND fence = $2",
            )
            .bind(&self.name)
            .bind(self.fence)
            .execute(tx.conn())
            .await?;
            tx.commit().await
        })
        .await
    }
}
