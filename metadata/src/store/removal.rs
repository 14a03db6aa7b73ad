//! What is to be removed without anybody asking.

use platform_db::{DbError, Tx};
use schemas::{OwnerId, VideoId};

use super::Store;

impl Store {
    /// Notes that `user` is gone, and what they were called is forgotten.
    pub(crate) async fn let_go(&self, user: &str) -> Result<(), DbError> {
        self.db
            .write(|mut tx: Tx| async move {
                sqlx::query(
                    "INSERT INTO metadata_gone (user_id) VALUES ($1) ON CONFLICT DO NOTHING",
                )
                .bind(user)
                .execute(tx.conn())
                .await?;
                sqlx::query("DELETE FROM metadata_person WHERE user_id = $1")
                    .bind(user)
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            })
            .await
    }

    /// Some videos that were thrown away before `since_ms`, or whose owner is gone.
    pub(crate) async fn to_remove(
        &self,
        since_ms: i64,
        limit: i64,
    ) -> Result<Vec<(VideoId, OwnerId)>, DbError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT video_id, owner FROM metadata_video
             WHERE trashed_at_ms <= $1 AND state <> 'deleted'
             UNION
             SELECT v.video_id, v.owner FROM metadata_gone g
             JOIN metadata_video v ON v.owner = g.user_id AND v.state <> 'deleted'
             LIMIT $2",
        )
        .bind(since_ms)
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        let known = rows.into_iter().map(|(video, owner)| {
            let video = video
                .parse()
                .map_err(|error| super::row::decode("video_id", error))?;
            Ok((video, OwnerId::new(owner)))
        });
        Ok(known.collect::<Result<_, sqlx::Error>>()?)
    }
}
