//! Which rows the search index does not have yet.

use platform_db::DbError;
use sqlx::Row as _;

use super::Store;
use super::row::{COLUMNS, video_of};
use crate::domain::Video;

/// A row that the index does not have in this version.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) video: Video,
    pub(crate) version: i64,
}

impl Store {
    /// Some rows that the index does not have yet.
    pub(crate) async fn to_index(&self, limit: i64) -> Result<Vec<Pending>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS}, search_version FROM metadata_video
             WHERE indexed_version < search_version LIMIT $1"
        )))
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let pending = |row| {
            Ok::<_, sqlx::Error>(Pending {
                video: video_of(row)?,
                version: row.try_get("search_version")?,
            })
        };
        Ok(rows.iter().map(pending).collect::<Result<_, _>>()?)
    }

    /// Notes that the index has these rows durably.
    pub(crate) async fn mark_indexed(&self, indexed: &[Pending]) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                for Pending { video, version } in indexed {
                    sqlx::query(
                        "UPDATE metadata_video SET indexed_version = $1
                     WHERE video_id = $2 AND indexed_version < $1",
                    )
                    .bind(version)
                    .bind(video.id.as_str())
                    .execute(tx.conn())
                    .await?;
                }
                tx.commit().await
            })
            .await
    }

    /// The index that the rows' marks speak of.
    pub(crate) async fn index_id(&self) -> Result<Option<String>, DbError> {
        let id = sqlx::query_scalar("SELECT index_id FROM metadata_index WHERE name = 'search'")
            .fetch_optional(self.db.reader())
            .await?;
        Ok(id)
    }

    /// Notes that nothing is in the index called `index_id` yet.
    pub(crate) async fn forget_indexed(&self, index_id: &str) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query(
                    "UPDATE metadata_video SET indexed_version = 0 WHERE indexed_version > 0",
                )
                .execute(tx.conn())
                .await?;
                sqlx::query(
                    "INSERT INTO metadata_index (name, index_id) VALUES ('search', $1)
                 ON CONFLICT (name) DO UPDATE SET index_id = excluded.index_id",
                )
                .bind(index_id)
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }
}
