//! Who did what, when and from where. Operators read it when something went wrong.

use platform_db::DbError;
use sqlx::{AnyConnection, Row as _};

use super::Store;
use crate::domain::random_id;

/// Entries are kept for a year: long enough to look into what was noticed late.
const KEPT_MS: i64 = 366 * 24 * 60 * 60 * 1000;
/// What is over is kept for a day, so that clocks may differ and people may wonder.
const LEFT_MS: i64 = 24 * 60 * 60 * 1000;
/// Where somebody has signed in is remembered for half a year.
const PLACES_MS: i64 = 183 * 24 * 60 * 60 * 1000;

/// One thing that somebody did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) at_ms: i64,
    /// A user's id, or empty for strangers.
    pub(crate) actor: &'a str,
    pub(crate) action: &'static str,
    /// The user, session or token that it was done to.
    pub(crate) subject: &'a str,
    /// From where.
    pub(crate) address: &'a str,
}

/// Adds an entry.
pub(crate) async fn insert(conn: &mut AnyConnection, entry: Entry<'_>) -> Result<(), DbError> {
    let id = random_id(&mut rand::rng());
    sqlx::query(
        "INSERT INTO accounts_audit (entry_id, at_ms, actor, action, subject, address)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(entry.at_ms)
    .bind(entry.actor)
    .bind(entry.action)
    .bind(entry.subject)
    .bind(entry.address)
    .execute(conn)
    .await?;
    Ok(())
}

/// Where an entry is in the log: entries of the same moment are told apart by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at_ms: i64,
    id: String,
}

impl Place {
    /// Reads what [`write`](Self::write) wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (at_ms, id) = text.split_once('-')?;
        Some(Self {
            at_ms: at_ms.parse().ok()?,
            id: id.to_owned(),
        })
    }

    /// As a cursor.
    pub(crate) fn write(&self) -> String {
        format!("{}-{}", self.at_ms, self.id)
    }
}

/// An entry as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) place: Place,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) address: String,
}

/// Which entries are wanted; an empty text stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter<'a> {
    /// Who did it, or to whom it was done.
    pub(crate) user: &'a str,
    pub(crate) action: &'a str,
    /// Those before this one.
    pub(crate) before: Option<Place>,
}

impl Store {
    /// Up to `limit` entries, the newest first.
    pub(crate) async fn audit(
        &self,
        filter: &Filter<'_>,
        limit: i64,
    ) -> Result<Vec<Recorded>, DbError> {
        let (before_ms, before) = match &filter.before {
            Some(place) => (place.at_ms, place.id.as_str()),
            None => (i64::MAX, ""),
        };
        // Each in the way that an index serves.
        let whose = if filter.user.is_empty() {
            "$1 = ''"
        } else {
            "(actor = $1 OR subject = $1)"
        };
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT entry_id, at_ms, actor, action, subject, address FROM accounts_audit
             WHERE {whose} AND ($2 = '' OR action = $2)
               AND (at_ms < $3 OR (at_ms = $3 AND entry_id < $4))
             ORDER BY at_ms DESC, entry_id DESC LIMIT $5"
        )))
        .bind(filter.user)
        .bind(filter.action)
        .bind(before_ms)
        .bind(before)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(Recorded {
                place: Place {
                    at_ms: row.try_get("at_ms")?,
                    id: row.try_get("entry_id")?,
                },
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                subject: row.try_get("subject")?,
                address: row.try_get("address")?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Removes what is of no more use at `now_ms`.
    pub(crate) async fn forget(&self, now_ms: i64) -> Result<(), DbError> {
        let before = |ms: i64| now_ms.saturating_sub(ms);
        let work = [
            (
                "DELETE FROM accounts_audit WHERE at_ms < $1",
                before(KEPT_MS),
            ),
            (
                "DELETE FROM accounts_revocation WHERE revoked_at_ms < $1",
                before(LEFT_MS),
            ),
            (
                "DELETE FROM accounts_session WHERE expires_at_ms < $1",
                before(LEFT_MS),
            ),
            (
                "DELETE FROM accounts_link WHERE expires_at_ms < $1",
                before(LEFT_MS),
            ),
            (
                "DELETE FROM accounts_known_address WHERE at_ms < $1",
                before(PLACES_MS),
            ),
        ];
        for (sql, since) in work {
            self.db
                .write(|mut tx| async move {
                    sqlx::query(sql).bind(since).execute(tx.conn()).await?;
                    tx.commit().await
                })
                .await?;
        }
        Ok(())
    }
}
