//! Rows: one database, each service its own tables by prefix.
//!
//! Queries are written once, with `$1` placeholders, for SQLite and PostgreSQL alike: integers
//! are `BIGINT`, times are milliseconds in a `BIGINT`, booleans are `BIGINT` 0 or 1, ids are
//! `TEXT`, blobs are `BLOB`/`BYTEA`.
//!
//! SQLite runs in WAL mode with `synchronous=FULL`: a commit that returned survives `kill -9` and
//! loss of power. It has one writer at a time, so [`Db::begin`] queues writers of this process in
//! fairness and the busy timeout those of other processes.
//!
//! What the `Any` driver of sqlx does differently from what one expects:
//!
//! * columns declared `BOOLEAN`, `DATE`, `DATETIME` or `TIME` cannot be read at all;
//! * integers are bound and read as `i64` (no `u64`, no `usize`), blobs as `Vec<u8>`, and binding
//!   an `Arc<str>` panics: bind `&str` or `String`;
//! * `QueryBuilder` writes `?`, which PostgreSQL refuses: write `$1`, which may be used twice;
//! * SQL that is not a literal is wrapped in `sqlx::AssertSqlSafe`, after one has made sure;
//! * `last_insert_id` is always `None`: use `RETURNING`;
//! * `EXISTS (…)` is a number on SQLite and a boolean on PostgreSQL, and `sum(…)` of `BIGINT` a
//!   decimal there: write `count(*)` and `CAST(sum(…) AS BIGINT)`, which is NULL for no rows;
//! * a NULL is read as `Option<T>`; as `T` it is an error, not a zero.

mod migrate;
mod open;

use std::sync::Arc;

use sqlx::{Any, AnyPool};
use tokio::sync::{OwnedMutexGuard, watch};

pub use migrate::{MigrateError, Migration};
pub use open::OpenError;

/// A failed statement, with what a caller should do about it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database is busy or away; the same call may succeed later.
    #[error("the database cannot be reached at the moment")]
    Unavailable(#[source] sqlx::Error),
    /// A constraint refused the row: it exists already, or what it refers to does not.
    #[error("the database refused the row")]
    Conflict(#[source] sqlx::Error),
    /// Our statement or the stored data is wrong.
    #[error("the database statement failed")]
    Broken(#[source] sqlx::Error),
}

impl DbError {
    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(reason) => {
                let code = reason.code();
                if reason.is_unique_violation() || reason.is_foreign_key_violation() {
                    Self::Conflict(error)
                } else if code.as_deref().is_some_and(is_passing) {
                    Self::Unavailable(error)
                } else {
                    Self::Broken(error)
                }
            }
            _ => Self::Broken(error),
        }
    }
}

/// SQLite: BUSY (5), LOCKED (6), IOERR (10), FULL (13) and their extended codes.
/// PostgreSQL: class 40 (serialisation), 53 (resources), 57 (shutdown), 08 (connection).
fn is_passing(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 10 | 13),
        _ => ["40", "53", "57", "08"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}

/// SQLite must take the write lock at once: a transaction that reads first and writes later fails
/// with BUSY instead of waiting.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Where the events go that a transaction appends to the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outbox {
    /// To the log of the embedded bus: the commit publishes them.
    #[default]
    Log,
    /// To a table, from which a relay publishes them on another bus.
    Relay,
}

/// The database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Db {
    outbox: Outbox,
    readers: AnyPool,
    writer: AnyPool,
    turn: Arc<tokio::sync::Mutex<()>>,
    changed: watch::Sender<u64>,
}

impl Db {
    /// Connections for reading. What they see is committed.
    pub fn reader(&self) -> &AnyPool {
        &self.readers
    }

    /// The same database, whose transactions append events to `outbox`.
    #[must_use]
    pub fn with_outbox(self, outbox: Outbox) -> Self {
        Self { outbox, ..self }
    }

    /// Begins a transaction that may write. Dropped without [`Tx::commit`] it changes nothing.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let inner = self.writer.begin_with(BEGIN).await?;
        Ok(Tx {
            outbox: self.outbox,
            inner,
            changed: self.changed.clone(),
            _turn: turn,
        })
    }

    /// A number that changes with every commit, of this process and, with some delay, of others:
    /// what to wait on instead of polling tables.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Closes all connections after the statements under way.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// A transaction that may write.
#[derive(Debug)]
pub struct Tx {
    outbox: Outbox,
    inner: sqlx::Transaction<'static, Any>,
    changed: watch::Sender<u64>,
    _turn: OwnedMutexGuard<()>,
}

impl Tx {
    /// The connection, for `sqlx::query(…).execute(tx.conn())`.
    pub fn conn(&mut self) -> &mut sqlx::AnyConnection {
        &mut self.inner
    }

    /// Where events go that this transaction appends.
    pub fn outbox(&self) -> Outbox {
        self.outbox
    }

    /// Makes the changes durable and wakes whoever waits for changes.
    pub async fn commit(self) -> Result<(), DbError> {
        self.inner.commit().await?;
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
        Ok(())
    }
}
