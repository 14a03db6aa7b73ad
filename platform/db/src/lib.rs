//! Rows: one database, each service its own tables by prefix.
//!
//! Queries are written once, with `$1` placeholders, for SQLite and PostgreSQL alike: integers
//! are `BIGINT`, times are milliseconds in a `BIGINT`, booleans are `BIGINT` 0 or 1, ids are
//! `TEXT`, blobs are `BLOB`, which a migration calls `BYTEA` on PostgreSQL.
//!
//! SQLite runs in WAL mode with `synchronous=FULL`: a commit that returned survives `kill -9` and
//! loss of power. It has one writer at a time, so [`Db::write`] queues writers of this process in
//! fairness and the busy timeout those of other processes. On PostgreSQL some of a process write
//! at a time, in serialisable transactions; whoever loses races is run again, the third time alone.
//! Limits on the time of statements, locks and idle transactions see to it that a client that hangs
//! blocks nobody.
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
//! * a literal in a list of columns is 32 bits wide on PostgreSQL: write `CAST(0 AS BIGINT)`;
//! * a NULL is read as `Option<T>`; as `T` it is an error, not a zero.

mod changes;
mod config;
mod copy;
mod engine;
mod error;
mod migrate;
mod news;
mod open;
mod postgres;
mod sqlite;
mod write;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use sqlx::AnyPool;
use tokio::sync::watch;

use news::News;
use write::Turns;

pub use config::{DatabaseConfig, PostgresUrl};
pub use copy::CopyError;
pub use engine::Engine;
pub use error::{DbError, WriteError};
pub use migrate::{MigrateError, Migration};
pub use open::OpenError;
pub use write::Tx;

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
    engine: Engine,
    readers: AnyPool,
    writer: AnyPool,
    turns: Turns,
    news: News,
    file: Option<Arc<Path>>,
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

    /// Asks the database for an answer, as often as it is called: what a service needs to be ready.
    pub fn probe(
        &self,
    ) -> impl Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync + use<> {
        let db = self.clone();
        move || {
            let db = db.clone();
            Box::pin(async move { sqlx::query("SELECT 1").fetch_one(db.reader()).await.is_ok() })
        }
    }

    /// The same database, whose transactions are about `subject`, such as the tables of one service:
    /// they wake only those who wait for [`changes`](Self::changes) about the same, or about all.
    #[must_use]
    pub fn about(&self, subject: &'static str) -> Self {
        Self {
            news: self.news.about(subject),
            ..self.clone()
        }
    }

    /// A number that changes with every commit, of this process and, with some delay, of others:
    /// what to wait on instead of polling tables. It may change without one, too.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// The file that the rows are in, if they are in one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Closes all connections after the statements under way.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}
