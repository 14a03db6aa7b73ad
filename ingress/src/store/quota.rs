//! What owners may upload, where it is not what everybody may, and what they have uploaded.

use platform_db::DbError;
use schemas::OwnerId;
use sqlx::{AnyConnection, Row as _};

use super::Store;
use crate::domain::{Quota, Used};

/// For how long a beginning counts.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// Sets what `owner` may upload; `None`: what everybody may.
    pub(crate) async fn set_quota(
        &self,
        owner: &OwnerId,
        quota: Option<Quota>,
    ) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query("DELETE FROM ingress_quota WHERE owner = $1")
                    .bind(owner.as_str())
                    .execute(tx.conn())
                    .await?;
                if let Some(quota) = quota {
                    sqlx::query(
                        "INSERT INTO ingress_quota (owner, storage_bytes, daily_bytes, film_s)
                         VALUES ($1, $2, $3, $4)",
                    )
                    .bind(owner.as_str())
                    .bind(quota.storage_bytes.map(u64::cast_signed))
                    .bind(quota.daily_bytes.map(u64::cast_signed))
                    .bind(quota.film_s.map(i64::from))
                    .execute(tx.conn())
                    .await?;
                }
                tx.commit().await
            })
            .await
    }

    /// What `owner` may upload, unless it is what everybody may.
    pub(crate) async fn own_quota(&self, owner: &OwnerId) -> Result<Option<Quota>, DbError> {
        let mut conn = self.db.reader().acquire().await?;
        quota_of(&mut conn, owner).await
    }

    /// The same, and what they have uploaded.
    pub(crate) async fn quota(
        &self,
        owner: &OwnerId,
        now_ms: i64,
    ) -> Result<(Option<Quota>, Used), DbError> {
        let mut conn = self.db.reader().acquire().await?;
        let quota = quota_of(&mut conn, owner).await?;
        Ok((quota, used(&mut conn, owner, now_ms).await?))
    }
}

/// What `owner` may upload, unless it is what everybody may.
pub(crate) async fn quota_of(
    conn: &mut AnyConnection,
    owner: &OwnerId,
) -> Result<Option<Quota>, DbError> {
    let row = sqlx::query(
        "SELECT storage_bytes, daily_bytes, film_s FROM ingress_quota WHERE owner = $1",
    )
    .bind(owner.as_str())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let number = |column: &str| row.try_get::<Option<i64>, _>(column);
    Ok(Some(Quota {
        storage_bytes: number("storage_bytes")?.map(i64::cast_unsigned),
        daily_bytes: number("daily_bytes")?.map(i64::cast_unsigned),
        film_s: number("film_s")?.and_then(|seconds| u32::try_from(seconds).ok()),
    }))
}

/// What `owner` has uploaded, or is uploading, at `now_ms`.
pub(crate) async fn used(
    conn: &mut AnyConnection,
    owner: &OwnerId,
    now_ms: i64,
) -> Result<Used, DbError> {
    let row = sqlx::query(
        "SELECT
            CAST(sum(CASE WHEN state IN ('abandoned', 'discarded') THEN CAST(0 AS BIGINT)
                ELSE size_bytes END) AS BIGINT) AS stored,
            CAST(sum(CASE WHEN created_at_ms > $2 THEN size_bytes
                ELSE CAST(0 AS BIGINT) END) AS BIGINT) AS day
         FROM ingress_upload WHERE owner = $1",
    )
    .bind(owner.as_str())
    .bind(now_ms.saturating_sub(DAY_MS))
    .fetch_one(conn)
    .await?;
    let bytes = |column: &str| {
        let sum = row.try_get::<Option<i64>, _>(column)?;
        Ok::<_, sqlx::Error>(u64::try_from(sum.unwrap_or(0)).unwrap_or(0))
    };
    Ok(Used {
        stored_bytes: bytes("stored")?,
        day_bytes: bytes("day")?,
    })
}
