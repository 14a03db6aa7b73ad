//! The sequence of denied names.

use platform_auth::{Denied, PLAYBACK_LIFETIME_S};
use platform_db::{Db, DbError, Migration};
use sqlx::Row as _;

/// An hour longer than tokens live, as on edges.
const KEPT_MS: i64 = (PLAYBACK_LIFETIME_S + 3600) * 1000;

/// How many are told between two marks at most.
const STEP: i64 = 500;

pub(crate) const DENIED: Migration = Migration::new(
    2,
    "CREATE TABLE edges_denied (
        sequence BIGINT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        until_ms BIGINT NOT NULL
    )",
);

/// A name, and its place in the sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sequence: i64,
    pub(crate) name: String,
}

/// What is denied, in rows. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Denials(Db);

impl Denials {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    /// Denies `names` from `now_ms` on. Returns whether any of them was not denied.
    pub(crate) async fn add(&self, names: &[Denied], now_ms: i64) -> Result<bool, DbError> {
        self.0
            .write(|mut tx| async move {
                let mut added = 0;
                for name in names {
                    // One after the other: what is in the sequence up to some place stays that.
                    added += sqlx::query(
                        "INSERT INTO edges_denied (sequence, name, until_ms)
                         SELECT COALESCE(MAX(sequence), 0) + 1, $1, $2 FROM edges_denied WHERE TRUE
                         ON CONFLICT (name) DO NOTHING",
                    )
                    .bind(name.as_str())
                    .bind(now_ms.saturating_add(KEPT_MS))
                    .execute(tx.conn())
                    .await?
                    .rows_affected();
                }
                tx.commit().await?;
                Ok(added > 0)
            })
            .await
    }

    /// The end of the sequence.
    pub(crate) async fn last(&self) -> Result<i64, DbError> {
        let last = "SELECT COALESCE(MAX(sequence), 0) FROM edges_denied";
        Ok(sqlx::query_scalar(last).fetch_one(self.0.reader()).await?)
    }

    /// What comes after `sequence`, as far as tokens of it may be about at `now_ms`.
    pub(crate) async fn after(&self, sequence: i64, now_ms: i64) -> Result<Vec<Entry>, DbError> {
        let rows = sqlx::query(
            "SELECT sequence, name FROM edges_denied WHERE sequence > $1 AND until_ms > $2
             ORDER BY sequence LIMIT $3",
        )
        .bind(sequence)
        .bind(now_ms)
        .bind(STEP)
        .fetch_all(self.0.reader())
        .await?;
        let entries = rows.iter().map(|row| {
            Ok(Entry {
                sequence: row.try_get("sequence")?,
                name: row.try_get("name")?,
            })
        });
        Ok(entries.collect::<Result<_, sqlx::Error>>()?)
    }

    /// Forgets what outlived all tokens at `now_ms`, but for the last: the sequence goes on from it.
    pub(crate) async fn forget(&self, now_ms: i64) -> Result<(), DbError> {
        self.0
            .write(|mut tx| async move {
                sqlx::query(
                    "DELETE FROM edges_denied WHERE until_ms <= $1
                     AND sequence < (SELECT MAX(sequence) FROM edges_denied)",
                )
                .bind(now_ms)
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }
}
