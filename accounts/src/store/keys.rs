//! The keys that sign access tokens. Their seeds are sealed: who reads the rows can sign nothing.

use platform_auth::{AccessKey, SealKey};
use platform_db::DbError;
use sqlx::{AnyConnection, Row as _};

use crate::error::AccountError;

/// Octets of a seed that an earlier version wrote as it is.
const PLAIN: usize = 32;

/// A key, and since when it signs.
#[derive(Debug, Clone)]
pub(crate) struct DatedKey {
    pub(crate) key: AccessKey,
    pub(crate) created_at_ms: i64,
}

/// What is known of the keys.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The newest first.
    pub(crate) keys: Vec<DatedKey>,
    /// Those of them whose seeds are to be sealed anew.
    pub(crate) stale: Vec<DatedKey>,
    /// Since when there are keys that `seal` does not open.
    pub(crate) unreadable: Vec<(String, i64)>,
}

/// All keys.
pub(crate) async fn all(conn: &mut AnyConnection, seal: &SealKey) -> Result<Known, DbError> {
    let rows = sqlx::query(
        "SELECT key_id, seed, created_at_ms FROM accounts_key
         ORDER BY created_at_ms DESC, key_id",
    )
    .fetch_all(conn)
    .await?;
    let mut known = Known::default();
    for row in rows {
        let id: String = row.try_get("key_id")?;
        let seed: Vec<u8> = row.try_get("seed")?;
        let created_at_ms = row.try_get("created_at_ms")?;
        let opened = if seed.len() == PLAIN {
            Some((seed, false))
        } else {
            let opened = seal.open(&seed, &id).ok();
            opened.map(|opened| (opened.plain, opened.is_current))
        };
        let key = opened.and_then(|(seed, is_current)| {
            let seed = <[u8; PLAIN]>::try_from(seed).ok()?;
            Some((AccessKey::new(&id, seed).ok()?, is_current))
        });
        let Some((key, is_current)) = key else {
            known.unreadable.push((id, created_at_ms));
            continue;
        };
        let key = DatedKey { key, created_at_ms };
        if !is_current {
            known.stale.push(key.clone());
        }
        known.keys.push(key);
    }
    Ok(known)
}

/// Writes a key, which may be there with its seed sealed in another way.
pub(crate) async fn put(
    conn: &mut AnyConnection,
    key: &DatedKey,
    seal: &SealKey,
) -> Result<(), AccountError> {
    let seed = seal.seal(key.key.seed(), key.key.id())?;
    sqlx::query(
        "INSERT INTO accounts_key (key_id, seed, created_at_ms) VALUES ($1, $2, $3)
         ON CONFLICT (key_id) DO UPDATE SET seed = excluded.seed",
    )
    .bind(key.key.id())
    .bind(seed)
    .bind(key.created_at_ms)
    .execute(conn)
    .await
    .map_err(DbError::from)?;
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
