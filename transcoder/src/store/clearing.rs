//! Nothing is kept of a film whose source was refused, or that was replaced or deleted.

use platform_bus::{Topic, outbox};
use platform_db::Tx;
use schemas::v1::event::Payload;
use schemas::v1::{VideoErased, VideoPart};
use schemas::{NewEvent, OwnerId, VideoId};

use super::failing::Problem;
use super::{Claim, Store, StoreError, count};
use crate::domain::{FilmKey, FilmState, NewTask, Priority, Work};

impl Store {
    /// Has everything removed that was made of a deleted video. Its row stays, also of one that was
    /// deleted before it came here. Whoever tells of the deletion again found something left: it is
    /// looked for again, unless somebody is about to.
    pub(crate) async fn delete(&self, video: &VideoId) -> Result<(), StoreError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query(
                    "INSERT INTO transcoder_video
                        (video_id, revision, owner, source_key, state, created_ms)
                     VALUES ($1, 1, '', '', $2, $3) ON CONFLICT DO NOTHING",
                )
                .bind(video.as_str())
                .bind(FilmState::Uploaded.as_str())
                .bind(self.now_ms())
                .execute(tx.conn())
                .await?;
                let revisions: Vec<i64> = sqlx::query_scalar(
                    "UPDATE transcoder_video SET state = $2 WHERE video_id = $1
                        AND NOT (state = $2 AND EXISTS (SELECT 1 FROM transcoder_task t
                            WHERE t.video_id = transcoder_video.video_id
                                AND t.revision = transcoder_video.revision))
                     RETURNING revision",
                )
                .bind(video.as_str())
                .bind(FilmState::Deleted.as_str())
                .fetch_all(tx.conn())
                .await?;
                self.clear_all_later(&mut tx, video, revisions).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Has everything removed that was made of revisions of `video` before `revision`. Their rows stay,
    /// also of those that have not come here yet.
    pub(crate) async fn replace(&self, video: &VideoId, revision: u32) -> Result<(), StoreError> {
        self.db
            .write(|mut tx| async move {
                for older in 1..revision {
                    sqlx::query(
                        "INSERT INTO transcoder_video
                            (video_id, revision, owner, source_key, state, created_ms)
                         VALUES ($1, $2, '', '', $3, $4) ON CONFLICT DO NOTHING",
                    )
                    .bind(video.as_str())
                    .bind(i64::from(older))
                    .bind(FilmState::Replaced.as_str())
                    .bind(self.now_ms())
                    .execute(tx.conn())
                    .await?;
                }
                let revisions: Vec<i64> = sqlx::query_scalar(
                    "UPDATE transcoder_video SET state = $3
                     WHERE video_id = $1 AND revision < $2 AND state NOT IN ($3, $4)
                     RETURNING revision",
                )
                .bind(video.as_str())
                .bind(i64::from(revision))
                .bind(FilmState::Replaced.as_str())
                .bind(FilmState::Deleted.as_str())
                .fetch_all(tx.conn())
                .await?;
                self.clear_all_later(&mut tx, video, revisions).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    async fn clear_all_later(
        &self,
        tx: &mut Tx,
        video: &VideoId,
        revisions: Vec<i64>,
    ) -> Result<(), StoreError> {
        for revision in revisions {
            let key = FilmKey {
                video: video.clone(),
                revision: count(revision),
            };
            self.clear_later(tx, &key).await?;
        }
        Ok(())
    }

    /// Replaces all that was to be done for a film by removing what was made of it: now, and once
    /// more when the last lease has ended under which somebody may just be writing.
    pub(super) async fn clear_later(&self, tx: &mut Tx, key: &FilmKey) -> Result<(), StoreError> {
        let held_until: Option<i64> = sqlx::query_scalar(
            "SELECT max(available_ms) FROM transcoder_task
             WHERE video_id = $1 AND revision = $2 AND state = 'running'",
        )
        .bind(key.video.as_str())
        .bind(i64::from(key.revision))
        .fetch_one(tx.conn())
        .await?;
        sqlx::query("DELETE FROM transcoder_task WHERE video_id = $1 AND revision = $2")
            .bind(key.video.as_str())
            .bind(i64::from(key.revision))
            .execute(tx.conn())
            .await?;
        let clear = |again| NewTask {
            work: Work::Clear { again },
            priority: Priority::First,
        };
        self.add_tasks(tx, key, &[clear(false)]).await?;
        if let Some(until) = held_until {
            let again = clear(true);
            self.add_tasks(tx, key, std::slice::from_ref(&again))
                .await?;
            sqlx::query(
                "UPDATE transcoder_task SET available_ms = $1
                 WHERE video_id = $2 AND revision = $3 AND kind = $4 AND tracks = $5",
            )
            .bind(until)
            .bind(key.video.as_str())
            .bind(i64::from(key.revision))
            .bind(again.work.kind())
            .bind(again.work.tracks_text())
            .execute(tx.conn())
            .await?;
        }
        Ok(())
    }

    /// Ends a task that has removed what was made of a film, and tells everyone: whoever hears it finds
    /// nothing left to fetch.
    pub(crate) async fn record_cleared(
        &self,
        claim: &Claim,
        again: bool,
    ) -> Result<(), StoreError> {
        self.db
            .write(|mut tx| async move {
                self.end_task(&mut tx, claim).await?;
                sqlx::query("DELETE FROM transcoder_track WHERE video_id = $1 AND revision = $2")
                    .bind(claim.film.video.as_str())
                    .bind(i64::from(claim.film.revision))
                    .execute(tx.conn())
                    .await?;
                let (state, kind, title, detail): (String, String, String, String) =
                    sqlx::query_as(
                        "UPDATE transcoder_video
                         SET plan = '', segments_done = 0, segments_total = 0
                         WHERE video_id = $1 AND revision = $2
                         RETURNING state, problem_type, problem_title, problem_detail",
                    )
                    .bind(claim.film.video.as_str())
                    .bind(i64::from(claim.film.revision))
                    .fetch_one(tx.conn())
                    .await?;
                if state == FilmState::Deleted.as_str() {
                    self.tell_erased(&mut tx, &claim.film.video, None).await?;
                } else if state == FilmState::Replaced.as_str() {
                    let revision = Some(claim.film.revision);
                    self.tell_erased(&mut tx, &claim.film.video, revision)
                        .await?;
                } else if !again {
                    let problem = Problem {
                        kind,
                        title,
                        detail,
                        of_source: true,
                    };
                    self.tell_failed(&mut tx, claim, &problem).await?;
                }
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Tells that nothing is left of a deleted video, or of one revision that was replaced, once all of
    /// it has been cleared for the last time.
    async fn tell_erased(
        &self,
        tx: &mut Tx,
        video: &VideoId,
        revision: Option<u32>,
    ) -> Result<(), StoreError> {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM transcoder_task
             WHERE video_id = $1 AND ($2 = 0 OR revision = $2)",
        )
        .bind(video.as_str())
        .bind(i64::from(revision.unwrap_or(0)))
        .fetch_one(tx.conn())
        .await?;
        if open > 0 {
            return Ok(());
        }
        let erased = Payload::VideoErased(VideoErased {
            video_id: video.to_string(),
            part: VideoPart::Media.into(),
            revision: revision.unwrap_or(0),
        });
        let event = NewEvent::new(OwnerId::local(), erased).stamp(self.now_ms(), &mut rand::rng());
        outbox::append(tx, Topic::Videos, video.as_str(), &event).await?;
        Ok(())
    }
}
