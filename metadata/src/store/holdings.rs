//! What whoever looks after all services asks of the rows.

use platform_bus::{Topic, outbox};
use platform_db::DbError;
use platform_http::{HOLDINGS_PAGE, Wanted};
use schemas::VideoId;
use schemas::v1::Event;

use super::Store;
use super::row::{COLUMNS, video_of};
use super::write::{load, save};
use crate::domain::{State, Video};

impl Store {
    /// Rows in the order of their ids, those of deleted videos too.
    pub(crate) async fn held(&self, wanted: &Wanted) -> Result<Vec<Video>, DbError> {
        let after = match wanted {
            Wanted::After(after) => after,
            Wanted::Of(films) => {
                let ids: Vec<VideoId> = films.iter().filter_map(|id| id.parse().ok()).collect();
                return if ids.is_empty() {
                    Ok(Vec::new())
                } else {
                    self.get_all(&ids).await
                };
            }
        };
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM metadata_video WHERE video_id > $1 ORDER BY video_id LIMIT $2"
        )))
        .bind(after)
        .bind(i64::try_from(HOLDINGS_PAGE).unwrap_or(i64::MAX))
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(video_of).collect::<Result<_, _>>()?)
    }

    /// Begins the removal of a video again that is deleted, or that no row speaks of. False when it
    /// is neither: nothing happens then.
    pub(crate) async fn erase(
        &self,
        id: &VideoId,
        now_ms: i64,
        tell: impl Fn(&Video) -> Event,
    ) -> Result<bool, DbError> {
        let tell = &tell;
        self.db
            .write(|mut tx| async move {
                let before = load(&mut tx, id).await?;
                if before.as_ref().is_some_and(|it| it.state != State::Deleted) {
                    return Ok(false);
                }
                let left = match &before {
                    Some(before) => before.deleted(now_ms),
                    None => Video::tombstone(id.clone()).deleted(now_ms),
                };
                save(&mut tx, before.as_ref(), &left).await?;
                outbox::append(&mut tx, Topic::Videos, id.as_str(), &tell(&left)).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Has the index brought up to date with the row, or with there being none, by a version above
    /// the one that it has.
    pub(crate) async fn reindex(&self, id: &VideoId, above: i64) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                if load(&mut tx, id).await?.is_none() {
                    save(&mut tx, None, &Video::tombstone(id.clone())).await?;
                }
                sqlx::query(
                    "UPDATE metadata_video SET search_version = 1 +
                        CASE WHEN search_version > $2 THEN search_version ELSE $2 END
                     WHERE video_id = $1",
                )
                .bind(id.as_str())
                .bind(above)
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }
}
