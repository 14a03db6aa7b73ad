//! Attempts fail; after enough of them the film does.

use std::time::Duration;

use platform_bus::Topic;
use platform_db::Tx;
use schemas::TaskId;
use schemas::v1::event::Payload;
use schemas::v1::{TaskFailed, VideoFailed};

use super::claim::lease_end;
use super::{Claim, Store, StoreError, count, storable};
use crate::domain::{FilmKey, FilmState, planned};

/// Why a film will never be complete, for its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Stable, for programs.
    pub(crate) kind: String,
    /// A few words.
    pub(crate) title: String,
    /// A sentence that says what to do.
    pub(crate) detail: String,
    /// The source is at fault: nothing is kept of the film. What failed by our fault is kept, so that
    /// it can be tried again.
    pub(crate) of_source: bool,
}

/// What becomes of a task whose attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is tried again after a pause.
    Again(Duration),
    /// It is not tried again, and its film fails.
    Never(Problem),
}

impl Store {
    /// Ends an attempt that failed for `reason`.
    pub(crate) async fn fail(
        &self,
        claim: &Claim,
        reason: &str,
        verdict: &Verdict,
    ) -> Result<(), StoreError> {
        self.db
            .write(|mut tx| async move {
                let (state, available_ms) = match verdict {
                    Verdict::Again(pause) => ("waiting", lease_end(self.now_ms(), *pause)),
                    Verdict::Never(_) => ("failed", i64::MAX),
                };
                let ended = sqlx::query(
                    "UPDATE transcoder_task SET state = $1, available_ms = $2, last_error = $3
                 WHERE task_id = $4 AND fence = $5 AND state = 'running'",
                )
                .bind(state)
                .bind(available_ms)
                .bind(storable(reason))
                .bind(claim.id.as_str())
                .bind(claim.fence)
                .execute(tx.conn())
                .await?;
                if ended.rows_affected() == 0 {
                    return Err(StoreError::Stale);
                }
                let event = TaskFailed {
                    video_id: claim.film.video.to_string(),
                    revision: claim.film.revision,
                    task_id: claim.id.to_string(),
                    attempt: claim.attempt,
                    // The rest is the tail of a log: for the operator, in the row.
                    reason: reason.lines().next().unwrap_or_default().to_owned(),
                    r#final: matches!(verdict, Verdict::Never(_)),
                };
                let payload = Payload::TaskFailed(event);
                self.tell(&mut tx, Topic::TranscodeProgress, claim, payload)
                    .await?;
                if let Verdict::Never(problem) = verdict {
                    self.fail_film(&mut tx, claim, problem).await?;
                }
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Puts the film of a failed task back to where it was; whether there was such a task. What the
    /// film lacks is to be done again; what exists is not made twice.
    pub(crate) async fn retry(&self, id: &TaskId) -> Result<bool, StoreError> {
        self.db
            .write(|mut tx| async move {
                let task: Option<(String, i64)> = sqlx::query_as(
                    "SELECT video_id, revision FROM transcoder_task
                 WHERE task_id = $1 AND state = 'failed'",
                )
                .bind(id.as_str())
                .fetch_optional(tx.conn())
                .await?;
                let Some((video, revision)) = task else {
                    return Ok(false);
                };
                let key = FilmKey {
                    video: video
                        .parse()
                        .map_err(|error| StoreError::corrupt(format!("task {id}"), error))?,
                    revision: count(revision),
                };
                sqlx::query(
                    "UPDATE transcoder_task SET state = 'waiting', available_ms = 0, attempts = 0,
                    deaths = 0
                 WHERE video_id = $1 AND revision = $2 AND state = 'failed'",
                )
                .bind(key.video.as_str())
                .bind(i64::from(key.revision))
                .execute(tx.conn())
                .await?;
                sqlx::query(
                    "UPDATE transcoder_video
                 SET state = CASE WHEN plan = '' THEN 'uploaded' ELSE 'planned' END,
                    problem_type = '', problem_title = '', problem_detail = ''
                 WHERE video_id = $1 AND revision = $2 AND state = 'failed'",
                )
                .bind(key.video.as_str())
                .bind(i64::from(key.revision))
                .execute(tx.conn())
                .await?;
                if let Some(film) = self.film_in(&mut tx, &key).await?
                    && let Some(plan) = film.plan
                {
                    let tasks = planned(&plan, film.lowest_first);
                    self.add_tasks(&mut tx, &key, &tasks).await?;
                }
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Fails the film that is not complete yet and cancels what else was to be done for it.
    async fn fail_film(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        problem: &Problem,
    ) -> Result<(), StoreError> {
        let failed = sqlx::query(
            "UPDATE transcoder_video
             SET state = $1, problem_type = $2, problem_title = $3, problem_detail = $4
             WHERE video_id = $5 AND revision = $6 AND state IN ('uploaded', 'planned')",
        )
        .bind(FilmState::Failed.as_str())
        .bind(problem.kind.as_str())
        .bind(problem.title.as_str())
        .bind(problem.detail.as_str())
        .bind(claim.film.video.as_str())
        .bind(i64::from(claim.film.revision))
        .execute(tx.conn())
        .await?;
        if failed.rows_affected() == 0 {
            return Ok(());
        }
        if problem.of_source {
            return self.clear_later(tx, &claim.film).await;
        }
        sqlx::query(
            "DELETE FROM transcoder_task
             WHERE video_id = $1 AND revision = $2 AND state <> 'failed'",
        )
        .bind(claim.film.video.as_str())
        .bind(i64::from(claim.film.revision))
        .execute(tx.conn())
        .await?;
        self.tell_failed(tx, claim, problem).await
    }

    pub(super) async fn tell_failed(
        &self,
        tx: &mut Tx,
        claim: &Claim,
        problem: &Problem,
    ) -> Result<(), StoreError> {
        let event = VideoFailed {
            video_id: claim.film.video.to_string(),
            problem_type: problem.kind.clone(),
            title: problem.title.clone(),
            detail: problem.detail.clone(),
            source_refused: problem.of_source,
            revision: claim.film.revision,
        };
        let payload = Payload::VideoFailed(event);
        self.tell(tx, Topic::Videos, claim, payload).await
    }
}
