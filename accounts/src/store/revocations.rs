//! Credentials that ended before their time, for those who check access tokens by themselves.

use platform_db::DbError;
use sqlx::AnyConnection;

use super::Store;

impl Store {
    /// What was revoked after `since_ms`.
    pub(crate) async fn revoked(&self, since_ms: i64) -> Result<Vec<String>, DbError> {
        Ok(sqlx::query_scalar(
            "SELECT credential FROM accounts_revocation WHERE revoked_at_ms > $1
             ORDER BY revoked_at_ms, credential",
        )
        .bind(since_ms)
        .fetch_all(self.reader())
        .await?)
    }
}

/// Tells that `credential` is not to be accepted any more.
pub(crate) async fn insert(
    conn: &mut AnyConnection,
    credential: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_revocation (credential, revoked_at_ms) VALUES ($1, $2)
         ON CONFLICT (credential) DO UPDATE SET revoked_at_ms = excluded.revoked_at_ms",
    )
    .bind(credential)
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back that `credential` is not to be accepted.
pub(crate) async fn remove(conn: &mut AnyConnection, credential: &str) -> Result<(), DbError> {
    sqlx::query("DELETE FROM accounts_revocation WHERE credential = $1")
        .bind(credential)
        .execute(conn)
        .await?;
    Ok(())
}
