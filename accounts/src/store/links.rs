//! Links that can be used once.

use platform_auth::Role;
use platform_core::Redacted;
use platform_db::DbError;
use sqlx::{AnyConnection, Row as _};

use super::odd;
use crate::domain::digest;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Become the first admin.
    Claim,
    /// Choose a new password.
    Reset,
    /// Sign up.
    Invitation,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Reset => "reset",
            Self::Invitation => "invitation",
        }
    }
}

/// A link that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewLink<'a> {
    pub(crate) kind: Kind,
    pub(crate) secret: &'a Redacted,
    /// Whose password it changes.
    pub(crate) user: Option<&'a str>,
    /// What whoever uses it becomes.
    pub(crate) role: Option<Role>,
    pub(crate) created_at_ms: i64,
    pub(crate) expires_at_ms: i64,
}

/// What a used link was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedLink {
    pub(crate) user: Option<String>,
    pub(crate) role: Option<Role>,
}

/// Adds a link.
pub(crate) async fn insert(conn: &mut AnyConnection, link: &NewLink<'_>) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_link (hash, kind, user_id, role, created_at_ms, expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(digest(link.secret))
    .bind(link.kind.name())
    .bind(link.user)
    .bind(link.role.map(Role::name))
    .bind(link.created_at_ms)
    .bind(link.expires_at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses a link: nobody can do so again once the transaction is kept. `None`: it is not valid.
pub(crate) async fn consume(
    conn: &mut AnyConnection,
    kind: Kind,
    secret: &Redacted,
    now_ms: i64,
) -> Result<Option<UsedLink>, DbError> {
    let row = sqlx::query(
        "UPDATE accounts_link SET used_at_ms = $1
         WHERE hash = $2 AND kind = $3 AND used_at_ms IS NULL AND expires_at_ms > $1
         RETURNING user_id, role",
    )
    .bind(now_ms)
    .bind(digest(secret))
    .bind(kind.name())
    .fetch_optional(conn)
    .await?;
    let read = |row: sqlx::any::AnyRow| {
        let role: Option<String> = row.try_get("role")?;
        let role = role.map(|role| role.parse().map_err(|_unknown| odd("role", &role)));
        Ok::<_, sqlx::Error>(UsedLink {
            user: row.try_get("user_id")?,
            role: role.transpose()?,
        })
    };
    Ok(row.map(read).transpose()?)
}

/// Makes the user's links invalid that were not used.
pub(crate) async fn drop_of(conn: &mut AnyConnection, user: &str) -> Result<(), DbError> {
    sqlx::query("DELETE FROM accounts_link WHERE user_id = $1 AND used_at_ms IS NULL")
        .bind(user)
        .execute(conn)
        .await?;
    Ok(())
}
