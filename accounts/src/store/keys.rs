//! The keys that sign access tokens.

use platform_auth::AccessKey;
use platform_db::DbError;
use sqlx::{AnyConnection, Row as _};

use super::odd;

/// A key, and since when it signs.
#[derive(Debug, Clone)]
pub(crate) struct DatedKey {
    pub(crate) key: AccessKey,
    pub(crate) created_at_ms: i64,
}

/// All keys, the newest first.
pub(crate) async fn all(conn: &mut AnyConnection) -> Result<Vec<DatedKey>, DbError> {
    let rows = sqlx::query(
        "SELECT key_id, seed, created_at_ms FROM accounts_key
         ORDER BY created_at_ms DESC, key_id",
    )
    .fetch_all(conn)
    .await?;
    let read = |row: &sqlx::any::AnyRow| {
        let id: String = row.try_get("key_id")?;
        let seed: Vec<u8> = row.try_get("seed")?;
        let seed = <[u8; 32]>::try_from(seed.as_slice());
        let key = seed.ok().and_then(|seed| AccessKey::new(&id, seed).ok());
        Ok::<_, sqlx::Error>(DatedKey {
            key: key.ok_or_else(|| odd("seed", &id))?,
            created_at_ms: row.try_get("created_at_ms")?,
        })
    };
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// Adds a key.
pub(crate) async fn insert(conn: &mut AnyConnection, key: &DatedKey) -> Result<(), DbError> {
    sqlx::query("INSERT INTO accounts_key (key_id, seed, created_at_ms) VALUES ($1, $2, $3)")
        .bind(key.key.id())
        .bind(key.key.seed().to_vec())
        .bind(key.created_at_ms)
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes a key.
pub(crate) async fn remove(conn: &mut AnyConnection, id: &str) -> Result<(), DbError> {
    sqlx::query("DELETE FROM accounts_key WHERE key_id = $1")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
