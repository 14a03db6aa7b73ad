//! Which rows the search index does not have yet.

use platform_db::{DbError, Tx};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::row::{COLUMNS, video_of};
use crate::domain::Video;

/// A row that the index does not have in this version.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) video: Video,
    pub(crate) version: i64,
    /// Whether the index is to get it yet.
    pub(crate) waits: bool,
}

impl Store {
    /// Some rows that the index does not have yet.
    pub(crate) async fn to_index(&self, limit: i64) -> Result<Vec<Pending>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS}, search_version, indexed_version FROM metadata_video
             WHERE indexed_version < search_version LIMIT $1"
        )))
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(pending).collect::<Result<_, _>>()?)
    }

    /// Notes that the index has these rows durably.
    pub(crate) async fn mark_indexed(&self, indexed: &[Pending]) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                for Pending { video, version, .. } in indexed {
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

    /// Some rows that an index should have, in the order of ids behind `after`.
    pub(crate) async fn searched(&self, after: &str, limit: i64) -> Result<Vec<Pending>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS}, search_version, indexed_version FROM metadata_video
             WHERE search_version > 0 AND video_id > $1 ORDER BY video_id LIMIT $2"
        )))
        .bind(after)
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(pending).collect::<Result<_, _>>()?)
    }

    /// How many rows an index should have.
    pub(crate) async fn count_searched(&self) -> Result<i64, DbError> {
        let count =
            sqlx::query_scalar("SELECT COUNT(*) FROM metadata_video WHERE search_version > 0")
                .fetch_one(self.db.reader())
                .await?;
        Ok(count)
    }

    /// Whether the rows' marks speak of the index called `index_id`.
    pub(crate) async fn knows_index(&self, index_id: &str) -> Result<bool, DbError> {
        let names: Vec<String> =
            sqlx::query_scalar("SELECT name FROM metadata_index WHERE index_id = $1")
                .bind(index_id)
                .fetch_all(self.db.reader())
                .await?;
        if names.iter().any(|name| name == NEXT) && !names.iter().any(|name| name == CURRENT) {
            // It has taken the other's place.
            self.rename_index(CURRENT, index_id).await?;
        }
        Ok(!names.is_empty())
    }

    /// Notes that the rows' marks will be true of the index called `index_id`, too, should it take
    /// the other's place.
    pub(crate) async fn expect_index(&self, index_id: &str) -> Result<(), DbError> {
        self.rename_index(NEXT, index_id).await
    }

    async fn rename_index(&self, name: &str, index_id: &str) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                name_index(&mut tx, name, index_id).await?;
                tx.commit().await
            })
            .await
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
                name_index(&mut tx, CURRENT, index_id).await?;
                tx.commit().await
            })
            .await
    }
}

/// The index that answers.
const CURRENT: &str = "search";
/// The one that is to take its place.
const NEXT: &str = "next";

async fn name_index(tx: &mut Tx, name: &str, index_id: &str) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO metadata_index (name, index_id) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET index_id = excluded.index_id",
    )
    .bind(name)
    .bind(index_id)
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn pending(row: &AnyRow) -> Result<Pending, sqlx::Error> {
    Ok(Pending {
        video: video_of(row)?,
        version: row.try_get("search_version")?,
        waits: row.try_get::<i64, _>("indexed_version")? < row.try_get("search_version")?,
    })
}
