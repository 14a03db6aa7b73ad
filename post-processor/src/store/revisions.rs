//! Revisions that go while their film stays: those that were refused, and those that were replaced.

use platform_bus::{Topic, outbox};
use platform_db::Tx;
use schemas::VideoId;
use schemas::v1::Event;

use super::{Films, Job, StoreError, Tasks, add};
use crate::domain::part::Part;

/// Nothing can be made of `revision`: it never goes live, and edges are to have nothing of it.
pub(crate) async fn refuse(
    tx: &mut Tx,
    video: &VideoId,
    revision: u32,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO post_refused (video_id, revision) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(video.as_str())
    .bind(i64::from(revision))
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "DELETE FROM post_task
         WHERE video_id = $1 AND revision = $2
           AND part NOT IN ('purge', 'sweep', 'drop', 'swept')",
    )
    .bind(video.as_str())
    .bind(i64::from(revision))
    .execute(tx.conn())
    .await?;
    let sweep = Job {
        video: video.clone(),
        revision,
        edge: String::new(),
        part: Part::Sweep,
    };
    add(tx, &sweep, now_ms).await
}

impl Films {
    /// Ends all work on revisions of `video` before `revision`, which replaced them, and tells
    /// everyone.
    pub(crate) async fn retire(
        &self,
        video: &VideoId,
        revision: u32,
        event: &Event,
    ) -> Result<(), StoreError> {
        self.db()
            .write(|mut tx| async move {
                let older = [
                    "UPDATE post_video SET replaced = $2 WHERE video_id = $1 AND replaced < $2",
                    "DELETE FROM post_refused WHERE video_id = $1 AND revision < $2",
                    "DELETE FROM post_task WHERE video_id = $1 AND revision < $2
                       AND part NOT IN ('purge', 'sweep', 'drop', 'swept')",
                ];
                for sql in older {
                    sqlx::query(sql)
                        .bind(video.as_str())
                        .bind(i64::from(revision))
                        .execute(tx.conn())
                        .await?;
                }
                outbox::append(&mut tx, Topic::Videos, video.as_str(), event).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Forgets what was done for a revision of which nothing is left, and tells everyone.
    pub(crate) async fn forget(&self, job: &Job, event: &Event) -> Result<(), StoreError> {
        self.db()
            .write(|mut tx| async move {
                sqlx::query("DELETE FROM post_task WHERE video_id = $1 AND revision = $2")
                    .bind(job.video.as_str())
                    .bind(i64::from(job.revision))
                    .execute(tx.conn())
                    .await?;
                outbox::append(&mut tx, Topic::Videos, job.video.as_str(), event).await?;
                Ok(tx.commit().await?)
            })
            .await
    }
}

impl Tasks {
    /// Whether some edge is still to be rid of the revision that `job` is about.
    pub(crate) async fn is_dropping(&self, job: &Job) -> Result<bool, StoreError> {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM post_task
             WHERE video_id = $1 AND revision = $2 AND part = $3 AND done = 0",
        )
        .bind(job.video.as_str())
        .bind(i64::from(job.revision))
        .bind(Part::Drop.to_string())
        .fetch_one(self.db().reader())
        .await?;
        Ok(open > 0)
    }
}
