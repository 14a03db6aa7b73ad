//! Rows: what is known of each film, and what is to be done.

mod films;
mod proof;
mod revisions;
mod tasks;

use platform_db::{DbError, Migration, WriteError};

pub(crate) use films::{Films, deleted, is_gone, playable, transcoded, uploaded};
pub(crate) use revisions::refuse;
pub(crate) use tasks::{Claim, Job, LEASE_MS, Tasks, add, hasten, purge};

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE post_video (
        video_id TEXT PRIMARY KEY,
        owner TEXT NOT NULL DEFAULT '',
        policy BIGINT NOT NULL DEFAULT 0,
        revision BIGINT NOT NULL DEFAULT 0,
        beginning TEXT NOT NULL DEFAULT '[]',
        transcoded BIGINT NOT NULL DEFAULT 0,
        live BIGINT NOT NULL DEFAULT 0,
        deleted BIGINT NOT NULL DEFAULT 0
    );
    CREATE TABLE post_task (
        video_id TEXT NOT NULL,
        revision BIGINT NOT NULL,
        edge TEXT NOT NULL,
        part TEXT NOT NULL,
        grade BIGINT NOT NULL,
        done BIGINT NOT NULL DEFAULT 0,
        due_ms BIGINT NOT NULL,
        claims BIGINT NOT NULL DEFAULT 0,
        failures BIGINT NOT NULL DEFAULT 0,
        progress BIGINT NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        traceparent TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (video_id, revision, edge, part)
    );
    CREATE INDEX post_task_due ON post_task (done, due_ms)",
    ),
    // Revisions below `replaced` are gone, and those that were refused.
    Migration::new(
        2,
        "ALTER TABLE post_video ADD COLUMN replaced BIGINT NOT NULL DEFAULT 0;
    CREATE TABLE post_refused (
        video_id TEXT NOT NULL,
        revision BIGINT NOT NULL,
        PRIMARY KEY (video_id, revision)
    )",
    ),
    Migration::new(
        3,
        "CREATE TABLE post_round (
        name TEXT PRIMARY KEY,
        due_ms BIGINT NOT NULL,
        report TEXT NOT NULL
    )",
    ),
];

/// Rows that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
    /// A row says what this build cannot have written.
    #[error("a row has an unreadable {0}")]
    Row(&'static str),
}

impl WriteError for StoreError {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Row(_) => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
