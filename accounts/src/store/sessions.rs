//! Sessions.

use platform_db::DbError;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{Store, revocations};
use crate::domain::Session;

const COLUMNS: &str = "session_id, user_id, created_at_ms, seen_at_ms, user_agent, address, \
     refresh_hash, previous_hash, salt, rotated_at_ms, expires_at_ms, revoked_at_ms";

fn session_of(row: &AnyRow) -> Result<Session, sqlx::Error> {
    Ok(Session {
        id: row.try_get("session_id")?,
        user: row.try_get("user_id")?,
        created_at_ms: row.try_get("created_at_ms")?,
        seen_at_ms: row.try_get("seen_at_ms")?,
        user_agent: row.try_get("user_agent")?,
        address: row.try_get("address")?,
        refresh_hash: row.try_get("refresh_hash")?,
        previous_hash: row.try_get("previous_hash")?,
        salt: row.try_get("salt")?,
        rotated_at_ms: row.try_get("rotated_at_ms")?,
        expires_at_ms: row.try_get("expires_at_ms")?,
        revoked_at_ms: row.try_get("revoked_at_ms")?,
    })
}

impl Store {
    /// The user's sessions that are not over, the last used first.
    pub(crate) async fn sessions(&self, user: &str, now_ms: i64) -> Result<Vec<Session>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM accounts_session
             WHERE user_id = $1 AND revoked_at_ms IS NULL AND expires_at_ms > $2
             ORDER BY seen_at_ms DESC, session_id LIMIT 200"
        )))
        .bind(user)
        .bind(now_ms)
        .fetch_all(self.reader())
        .await?;
        Ok(rows.iter().map(session_of).collect::<Result<_, _>>()?)
    }
}

/// The session, over or not.
pub(crate) async fn get(conn: &mut AnyConnection, id: &str) -> Result<Option<Session>, DbError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM accounts_session WHERE session_id = $1"
    )))
    .bind(id)
    .fetch_optional(conn)
    .await?;
    Ok(row.as_ref().map(session_of).transpose()?)
}

/// Adds a session.
pub(crate) async fn insert(conn: &mut AnyConnection, session: &Session) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_session (session_id, user_id, created_at_ms, seen_at_ms, user_agent,
            address, refresh_hash, previous_hash, salt, rotated_at_ms, generation, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)",
    )
    .bind(&session.id)
    .bind(&session.user)
    .bind(session.created_at_ms)
    .bind(session.seen_at_ms)
    .bind(&session.user_agent)
    .bind(&session.address)
    .bind(&session.refresh_hash)
    .bind(&session.previous_hash)
    .bind(&session.salt)
    .bind(session.rotated_at_ms)
    .bind(session.expires_at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what a refresh changes.
pub(crate) async fn rotate(conn: &mut AnyConnection, session: &Session) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE accounts_session SET seen_at_ms = $2, user_agent = $3, address = $4,
            refresh_hash = $5, previous_hash = $6, salt = $7, rotated_at_ms = $8,
            generation = generation + 1, expires_at_ms = $9
         WHERE session_id = $1",
    )
    .bind(&session.id)
    .bind(session.seen_at_ms)
    .bind(&session.user_agent)
    .bind(&session.address)
    .bind(&session.refresh_hash)
    .bind(&session.previous_hash)
    .bind(&session.salt)
    .bind(session.rotated_at_ms)
    .bind(session.expires_at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a session of `user`. Whether there was one to end.
pub(crate) async fn revoke(
    conn: &mut AnyConnection,
    user: &str,
    id: &str,
    now_ms: i64,
) -> Result<bool, DbError> {
    let ended = sqlx::query(
        "UPDATE accounts_session SET revoked_at_ms = $1
         WHERE session_id = $2 AND user_id = $3 AND revoked_at_ms IS NULL",
    )
    .bind(now_ms)
    .bind(id)
    .bind(user)
    .execute(&mut *conn)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    revocations::insert(conn, id, now_ms).await?;
    Ok(true)
}

/// Ends the sessions of `user`, all but the one called `except`.
pub(crate) async fn revoke_all(
    conn: &mut AnyConnection,
    user: &str,
    except: Option<&str>,
    now_ms: i64,
) -> Result<(), DbError> {
    let ended: Vec<String> = sqlx::query_scalar(
        "UPDATE accounts_session SET revoked_at_ms = $1
         WHERE user_id = $2 AND session_id <> $3 AND revoked_at_ms IS NULL
         RETURNING session_id",
    )
    .bind(now_ms)
    .bind(user)
    .bind(except.unwrap_or_default())
    .fetch_all(&mut *conn)
    .await?;
    for id in ended {
        revocations::insert(conn, &id, now_ms).await?;
    }
    Ok(())
}
