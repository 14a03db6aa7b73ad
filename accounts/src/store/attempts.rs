//! Tries to sign in, by what they are counted by.

use platform_db::DbError;
use sqlx::{AnyConnection, Row as _};

use super::Store;
use crate::domain::{Attempt, WINDOW_MS};

impl Store {
    /// Whether the user has signed in from `place` before.
    pub(crate) async fn knows_place(&self, user: &str, place: &str) -> Result<bool, DbError> {
        let known: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM accounts_known_address WHERE user_id = $1 AND address = $2",
        )
        .bind(user)
        .bind(place)
        .fetch_one(self.reader())
        .await?;
        Ok(known > 0)
    }

    /// Notes that the try called `id` failed.
    pub(crate) async fn note_failed(&self, id: &str) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query("UPDATE accounts_attempt SET failed = 1 WHERE attempt_id = $1")
                    .bind(id)
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            })
            .await
    }
}

/// The tries within the window before `now_ms`, oldest first.
pub(crate) async fn recent(
    conn: &mut AnyConnection,
    bucket: &str,
    now_ms: i64,
) -> Result<Vec<Attempt>, DbError> {
    let rows = sqlx::query(
        "SELECT at_ms, failed FROM accounts_attempt WHERE bucket = $1 AND at_ms > $2
         ORDER BY at_ms, attempt_id",
    )
    .bind(bucket)
    .bind(now_ms.saturating_sub(WINDOW_MS))
    .fetch_all(conn)
    .await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok::<_, sqlx::Error>(Attempt {
            at_ms: row.try_get("at_ms")?,
            failed: row.try_get::<i64, _>("failed")? != 0,
        })
    };
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// Notes a try whose outcome nobody knows yet.
pub(crate) async fn insert(
    conn: &mut AnyConnection,
    id: &str,
    bucket: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_attempt (attempt_id, bucket, at_ms, failed) VALUES ($1, $2, $3, 0)",
    )
    .bind(id)
    .bind(bucket)
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets a try: it succeeded.
pub(crate) async fn remove(conn: &mut AnyConnection, id: &str) -> Result<(), DbError> {
    sqlx::query("DELETE FROM accounts_attempt WHERE attempt_id = $1")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Remembers that the user signed in from `place`.
pub(crate) async fn know_place(
    conn: &mut AnyConnection,
    user: &str,
    place: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_known_address (user_id, address, at_ms) VALUES ($1, $2, $3)
         ON CONFLICT (user_id, address) DO UPDATE SET at_ms = excluded.at_ms",
    )
    .bind(user)
    .bind(place)
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}
