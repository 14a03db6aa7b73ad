//! Who did what, when and from where. Operators read it when something went wrong.

use platform_db::DbError;
use sqlx::AnyConnection;

use super::Store;
use crate::domain::{WINDOW_MS, random_id};

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

impl Store {
    /// Removes what is of no more use at `now_ms`.
    pub(crate) async fn forget(&self, now_ms: i64) -> Result<(), DbError> {
        let before = |ms: i64| now_ms.saturating_sub(ms);
        let work = [
            (
                "DELETE FROM accounts_audit WHERE at_ms < $1",
                before(KEPT_MS),
            ),
            (
                "DELETE FROM accounts_attempt WHERE at_ms < $1",
                before(WINDOW_MS),
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
