//! What SQLite and PostgreSQL are told differently.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Which database the rows are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// A file in the data folder.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// Begins a transaction that may write. SQLite must take the write lock at once: a transaction
    /// that reads first and writes later fails with BUSY instead of waiting.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        }
    }

    /// What a transaction that may write does first: it waits for its turn beside those of other
    /// processes or, when `alone`, after those have ended and before others begin.
    pub(crate) fn turn(self, alone: bool) -> Option<&'static str> {
        match (self, alone) {
            (Self::Sqlite, _) => None,
            // LOCK waits before the transaction has its view of the database, other than a SELECT
            // that takes a lock: whoever was waited for is seen and not fought with.
            (Self::Postgres, false) => Some("LOCK TABLE writer_turn IN ROW EXCLUSIVE MODE"),
            // All others wait behind this; it gives up soon when one that hangs is before it.
            (Self::Postgres, true) => Some(
                "SET LOCAL lock_timeout = '1s';
                 LOCK TABLE writer_turn IN EXCLUSIVE MODE;
                 SET LOCAL lock_timeout = '10s'",
            ),
        }
    }

    /// Begins a transaction that waits for others and sees what they have done.
    pub(crate) fn begin_migration(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }

    /// Lets processes that migrate at the same moment take turns, for as long as it takes.
    pub(crate) fn migration_turn(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            // The number is ours: any, but always the same.
            Self::Postgres => Some(
                "SET LOCAL statement_timeout = 0;
                 SET LOCAL lock_timeout = 0;
                 SELECT count(pg_advisory_xact_lock(5577006791947779410));
                 SET LOCAL lock_timeout = '10s'",
            ),
        }
    }

    /// Makes what [`turn`](Self::turn) locks, an empty table; whoever else does so waits.
    pub(crate) const WRITER_TURN: &'static str = "
        BEGIN;
        SELECT pg_advisory_xact_lock(5577006791947779410);
        CREATE TABLE IF NOT EXISTS writer_turn (nothing BIGINT);
        COMMIT";

    /// Asks within a transaction whether it has written: NULL if not.
    pub(crate) fn written(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT CAST(pg_current_xact_id_if_assigned() AS TEXT)"),
        }
    }

    /// The statements of a migration in the engine's words.
    pub(crate) fn schema(self, sql: &str) -> Cow<'_, str> {
        match self {
            Self::Sqlite => Cow::Borrowed(sql),
            Self::Postgres => {
                let sql = sql.replace("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY");
                Cow::Owned(replace_word(&sql, "BLOB", "BYTEA"))
            }
        }
    }
}

fn replace_word(text: &str, word: &str, by: &str) -> String {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        let whole = !before.ends_with(joins) && !after.starts_with(joins);
        out.push_str(before);
        out.push_str(if whole { by } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_bytea_and_names_stay() {
        let sql = "CREATE TABLE t (BLOB_id TEXT, a BLOB, b BLOB NOT NULL, aBLOB BIGINT)";
        assert_eq!(
            Engine::Postgres.schema(sql),
            "CREATE TABLE t (BLOB_id TEXT, a BYTEA, b BYTEA NOT NULL, aBLOB BIGINT)"
        );
        assert_eq!(Engine::Sqlite.schema(sql), sql);
    }

    #[test]
    fn numbers_that_rise_by_themselves_do_so_on_both() {
        let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)";
        let expected = "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, a TEXT)";
        assert_eq!(Engine::Postgres.schema(sql), expected);
    }
}
