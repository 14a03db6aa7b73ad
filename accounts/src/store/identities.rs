//! Whom providers know as whom: by issuer and subject, never by address, which may be anybody's
//! tomorrow.

use platform_db::DbError;
use sqlx::AnyConnection;

use super::Store;

impl Store {
    /// Issuers by which the user can sign in.
    pub(crate) async fn issuers(&self, user: &str) -> Result<Vec<String>, DbError> {
        Ok(
            sqlx::query_scalar("SELECT issuer FROM accounts_identity WHERE user_id = $1")
                .bind(user)
                .fetch_all(self.reader())
                .await?,
        )
    }
}

/// Whose the identity is.
pub(crate) async fn user(
    conn: &mut AnyConnection,
    issuer: &str,
    subject: &str,
) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar(
        "SELECT user_id FROM accounts_identity WHERE issuer = $1 AND subject = $2",
    )
    .bind(issuer)
    .bind(subject)
    .fetch_optional(conn)
    .await?)
}

/// Makes the identity that of `user`. [`DbError::Conflict`] when it is somebody's already.
pub(crate) async fn insert(
    conn: &mut AnyConnection,
    issuer: &str,
    subject: &str,
    user: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_identity (issuer, subject, user_id, created_at_ms)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(issuer)
    .bind(subject)
    .bind(user)
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the user's identities of `issuer` nobody's. Whether there was one.
pub(crate) async fn remove(
    conn: &mut AnyConnection,
    issuer: &str,
    user: &str,
) -> Result<bool, DbError> {
    let gone = sqlx::query("DELETE FROM accounts_identity WHERE issuer = $1 AND user_id = $2")
        .bind(issuer)
        .bind(user)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected() > 0)
}
