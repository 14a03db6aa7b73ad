//! API tokens.

use std::collections::BTreeSet;

use platform_auth::Scope;
use platform_db::DbError;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::{Store, odd, revocations};

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiToken {
    pub(crate) id: String,
    pub(crate) user: String,
    /// What its maker calls it.
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) hash: String,
    pub(crate) created_at_ms: i64,
    pub(crate) used_at_ms: Option<i64>,
    pub(crate) expires_at_ms: Option<i64>,
}

const COLUMNS: &str =
    "token_id, user_id, name, scopes, hash, created_at_ms, used_at_ms, expires_at_ms";

fn scopes_of(text: &str) -> Option<BTreeSet<Scope>> {
    let scopes = text.split_whitespace().map(str::parse);
    scopes.collect::<Result<_, _>>().ok()
}

fn text_of(scopes: &BTreeSet<Scope>) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
    names.join(" ")
}

fn token_of(row: &AnyRow) -> Result<ApiToken, sqlx::Error> {
    let scopes: String = row.try_get("scopes")?;
    Ok(ApiToken {
        id: row.try_get("token_id")?,
        user: row.try_get("user_id")?,
        name: row.try_get("name")?,
        scopes: scopes_of(&scopes).ok_or_else(|| odd("scopes", &scopes))?,
        hash: row.try_get("hash")?,
        created_at_ms: row.try_get("created_at_ms")?,
        used_at_ms: row.try_get("used_at_ms")?,
        expires_at_ms: row.try_get("expires_at_ms")?,
    })
}

impl Store {
    /// The user's tokens, the newest first.
    pub(crate) async fn tokens(&self, user: &str) -> Result<Vec<ApiToken>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM accounts_token WHERE user_id = $1 AND revoked_at_ms IS NULL
             ORDER BY created_at_ms DESC, token_id"
        )))
        .bind(user)
        .fetch_all(self.reader())
        .await?;
        Ok(rows.iter().map(token_of).collect::<Result<_, _>>()?)
    }

    /// The token with this digest, unless revoked.
    pub(crate) async fn token(&self, hash: &str) -> Result<Option<ApiToken>, DbError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM accounts_token WHERE hash = $1 AND revoked_at_ms IS NULL"
        )))
        .bind(hash)
        .fetch_optional(self.reader())
        .await?;
        Ok(row.as_ref().map(token_of).transpose()?)
    }

    /// Notes that the token was used.
    pub(crate) async fn note_used(&self, id: &str, now_ms: i64) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query("UPDATE accounts_token SET used_at_ms = $1 WHERE token_id = $2")
                    .bind(now_ms)
                    .bind(id)
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            })
            .await
    }
}

/// Adds a token.
pub(crate) async fn insert(conn: &mut AnyConnection, token: &ApiToken) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO accounts_token (token_id, user_id, name, scopes, hash, created_at_ms,
            expires_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&token.id)
    .bind(&token.user)
    .bind(&token.name)
    .bind(text_of(&token.scopes))
    .bind(&token.hash)
    .bind(token.created_at_ms)
    .bind(token.expires_at_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// How many tokens the user has.
pub(crate) async fn count(conn: &mut AnyConnection, user: &str) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar(
        "SELECT count(*) FROM accounts_token WHERE user_id = $1 AND revoked_at_ms IS NULL",
    )
    .bind(user)
    .fetch_one(conn)
    .await?)
}

/// The user's tokens.
pub(crate) async fn ids(conn: &mut AnyConnection, user: &str) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar(
        "SELECT token_id FROM accounts_token WHERE user_id = $1 AND revoked_at_ms IS NULL",
    )
    .bind(user)
    .fetch_all(conn)
    .await?)
}

/// Ends those of the user's tokens that `id` names, or all of them. Whether there was one to end.
pub(crate) async fn revoke(
    conn: &mut AnyConnection,
    user: &str,
    id: Option<&str>,
    now_ms: i64,
) -> Result<bool, DbError> {
    let ended: Vec<String> = sqlx::query_scalar(
        "UPDATE accounts_token SET revoked_at_ms = $1
         WHERE user_id = $2 AND ($3 = '' OR token_id = $3) AND revoked_at_ms IS NULL
         RETURNING token_id",
    )
    .bind(now_ms)
    .bind(user)
    .bind(id.unwrap_or_default())
    .fetch_all(&mut *conn)
    .await?;
    for id in &ended {
        revocations::insert(conn, id, now_ms).await?;
    }
    Ok(!ended.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for scopes in [
            BTreeSet::new(),
            Scope::ALL.into(),
            [Scope::Edit, Scope::Read].into(),
        ] {
            assert_eq!(scopes_of(&text_of(&scopes)), Some(scopes));
        }
        assert_eq!(scopes_of("read root"), None);
    }
}
