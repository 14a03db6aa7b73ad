//! `post_task`: what is to be done, by whoever claims it. A claim that is neither renewed nor ended
//! falls back when its lease is over; its number fences off whoever held it.

use std::time::Duration;

use platform_db::{Db, Tx};
use schemas::VideoId;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::StoreError;
use crate::domain::part::{BACKGROUND, Part};

/// How long a claim lasts unless it is renewed.
pub(crate) const LEASE_MS: i64 = 15_000;

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) video: VideoId,
    pub(crate) revision: u32,
    /// The edge's id; empty for work at no edge.
    pub(crate) edge: String,
    pub(crate) part: Part,
}

/// A piece of work that is ours for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) job: Job,
    /// Failures before this attempt.
    pub(crate) failures: u32,
    /// How far earlier attempts came.
    pub(crate) progress: u32,
    pub(crate) traceparent: String,
    number: i64,
}

/// What an operator wants to know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Status {
    /// Pieces of work that are done.
    pub(crate) done: i64,
    /// Pieces of work that are not.
    pub(crate) open: i64,
    /// Those of them that have failed, with the last reason; at most a hundred.
    pub(crate) failing: Vec<Failing>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Failing {
    pub(crate) video_id: String,
    pub(crate) revision: i64,
    pub(crate) edge: String,
    pub(crate) part: String,
    pub(crate) failures: i64,
    pub(crate) reason: String,
}

/// The work, in rows. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Tasks(Db);

impl Tasks {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    pub(super) fn db(&self) -> &Db {
        &self.0
    }

    /// Runs `work` in a transaction over films and work: see [`Db::write`].
    pub(crate) async fn write<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        work: impl FnMut(Tx) -> F,
    ) -> Result<T, StoreError> {
        self.0.write(work).await
    }

    /// Claims at most `limit` pieces that are due, urgent or background ones, most urgent first.
    pub(crate) async fn claim(
        &self,
        background: bool,
        limit: usize,
        now_ms: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT video_id, revision, edge, part, claims, failures, progress, traceparent
             FROM post_task
             WHERE done = 0 AND due_ms <= $1 AND grade BETWEEN $2 AND $3
             ORDER BY grade, due_ms LIMIT $4",
        )
        .bind(now_ms)
        .bind(if background { BACKGROUND } else { 0 })
        .bind(if background { i64::MAX } else { BACKGROUND - 1 })
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.0.reader())
        .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = &rows;
        self.0
            .write(|mut tx| async move {
                let mut claimed = Vec::new();
                for row in rows {
                    let mut claim = Claim::read(row)?;
                    if claim.take(&mut tx, now_ms).await? {
                        claimed.push(claim);
                    }
                }
                tx.commit().await?;
                Ok(claimed)
            })
            .await
    }

    /// Whether some edge is still to be purged of `video`.
    pub(crate) async fn is_purging(&self, video: &VideoId) -> Result<bool, StoreError> {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM post_task WHERE video_id = $1 AND part = $2 AND done = 0",
        )
        .bind(video.as_str())
        .bind(Part::Purge.to_string())
        .fetch_one(self.0.reader())
        .await?;
        Ok(open > 0)
    }

    /// When the next piece after `now_ms` is due, if there is any.
    pub(crate) async fn next_due(&self, now_ms: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT min(due_ms) FROM post_task WHERE done = 0 AND due_ms > $1";
        let due = sqlx::query_scalar(sql)
            .bind(now_ms)
            .fetch_one(self.0.reader())
            .await?;
        Ok(due)
    }

    /// Records how far a claim's work has come. False when it is not ours any more.
    pub(crate) async fn reached(&self, claim: &Claim, progress: u32) -> Result<bool, StoreError> {
        self.update(
            "UPDATE post_task SET progress = $6
             WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4 AND claims = $5",
            claim,
            |query| query.bind(i64::from(progress)),
        )
        .await
    }

    /// Keeps a claim. False when it is not ours any more.
    pub(crate) async fn keep(&self, claim: &Claim, now_ms: i64) -> Result<bool, StoreError> {
        self.update(
            "UPDATE post_task SET due_ms = $6
             WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4 AND claims = $5",
            claim,
            |query| query.bind(now_ms + LEASE_MS),
        )
        .await
    }

    /// Ends a claim whose work is done, adds `more` and hastens `next`, all or nothing.
    pub(crate) async fn done(
        &self,
        claim: &Claim,
        more: &[Job],
        next: Option<&Part>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        self.0
            .write(|mut tx| async move {
                let ended = claim.ours(
                    "UPDATE post_task SET done = 1, reason = ''
                     WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4
                       AND claims = $5",
                );
                if !changes_one(ended, &mut tx).await? {
                    return Ok(false);
                }
                for job in more {
                    add(&mut tx, job, now_ms).await?;
                }
                if let Some(part) = next {
                    hasten(&mut tx, &claim.job.video, part, now_ms).await?;
                }
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Drops work whose edge is gone, and finds the film's edges again.
    pub(crate) async fn unplaced(&self, claim: &Claim, now_ms: i64) -> Result<bool, StoreError> {
        self.0
            .write(|mut tx| async move {
                let dropped = claim.ours(
                    "DELETE FROM post_task
                     WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4
                       AND claims = $5",
                );
                if !changes_one(dropped, &mut tx).await? {
                    return Ok(false);
                }
                sqlx::query(
                    "UPDATE post_task SET done = 0, due_ms = $3, claims = claims + 1
                 WHERE video_id = $1 AND revision = $2 AND edge = '' AND part IN ('place', 'rest')",
                )
                .bind(claim.job.video.as_str())
                .bind(i64::from(claim.job.revision))
                .bind(now_ms)
                .execute(tx.conn())
                .await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Puts work off that cannot be done yet.
    pub(crate) async fn postpone(
        &self,
        claim: &Claim,
        progress: u32,
        due_ms: i64,
    ) -> Result<bool, StoreError> {
        self.update(
            "UPDATE post_task SET due_ms = $6, progress = $7, reason = ''
             WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4 AND claims = $5",
            claim,
            |query| query.bind(due_ms).bind(i64::from(progress)),
        )
        .await
    }

    /// Ends a claim whose work failed, to be tried again after `wait`.
    pub(crate) async fn failed(
        &self,
        claim: &Claim,
        reason: &str,
        wait: Duration,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        self.update(
            "UPDATE post_task SET due_ms = $6, failures = failures + 1, reason = $7
             WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4 AND claims = $5",
            claim,
            |query| {
                query
                    .bind(now_ms.saturating_add(wait))
                    .bind(reason.to_owned())
            },
        )
        .await
    }

    async fn update(
        &self,
        sql: &'static str,
        claim: &Claim,
        bind: impl Fn(Query<'_>) -> Query<'_> + Sync,
    ) -> Result<bool, StoreError> {
        let bind = &bind;
        self.0
            .write(|mut tx| async move {
                let changed = changes_one(bind(claim.ours(sql)), &mut tx).await?;
                tx.commit().await?;
                Ok(changed)
            })
            .await
    }

    /// The edges at which `part` of a film's revision is done.
    pub(crate) async fn edges_done(
        &self,
        job: &Job,
        part: &Part,
    ) -> Result<Vec<String>, StoreError> {
        let edges = sqlx::query_scalar(
            "SELECT edge FROM post_task
             WHERE video_id = $1 AND revision = $2 AND part = $3 AND done = 1 ORDER BY edge",
        )
        .bind(job.video.as_str().to_owned())
        .bind(i64::from(job.revision))
        .bind(part.to_string())
        .fetch_all(self.0.reader())
        .await?;
        Ok(edges)
    }

    /// What is open, and why.
    pub(crate) async fn status(&self) -> Result<Status, StoreError> {
        let (open, done) = sqlx::query_as(
            "SELECT CAST(coalesce(sum(1 - done), 0) AS BIGINT),
                    CAST(coalesce(sum(done), 0) AS BIGINT) FROM post_task",
        )
        .fetch_one(self.0.reader())
        .await?;
        let failing = sqlx::query(
            "SELECT video_id, revision, edge, part, failures, reason FROM post_task
             WHERE done = 0 AND failures > 0 ORDER BY due_ms LIMIT 100",
        )
        .fetch_all(self.0.reader())
        .await?;
        let failing = failing.iter().map(Failing::read);
        Ok(Status {
            done,
            open,
            failing: failing.collect::<Result<_, _>>()?,
        })
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn of_job<'q>(sql: &'static str, job: &Job) -> Query<'q> {
    sqlx::query(sql)
        .bind(job.video.as_str().to_owned())
        .bind(i64::from(job.revision))
        .bind(job.edge.clone())
        .bind(job.part.to_string())
}

async fn changes_one(query: Query<'_>, tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(query.execute(tx.conn()).await?.rows_affected() == 1)
}

impl Claim {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let count = |name: &'static str| -> Result<u32, StoreError> {
            u32::try_from(row.try_get::<i64, _>(name)?).map_err(|_e| StoreError::Row(name))
        };
        let (video, part): (String, String) = (row.try_get("video_id")?, row.try_get("part")?);
        Ok(Self {
            job: Job {
                video: video.parse().map_err(|_e| StoreError::Row("video"))?,
                revision: count("revision")?,
                edge: row.try_get("edge")?,
                part: part.parse().map_err(|_e| StoreError::Row("part"))?,
            },
            failures: count("failures")?,
            progress: count("progress")?,
            traceparent: row.try_get("traceparent")?,
            number: row.try_get("claims")?,
        })
    }

    /// Makes the piece ours unless somebody was quicker.
    async fn take(&mut self, tx: &mut Tx, now_ms: i64) -> Result<bool, StoreError> {
        let taken = self.ours(
            "UPDATE post_task SET claims = claims + 1, due_ms = $6
             WHERE video_id = $1 AND revision = $2 AND edge = $3 AND part = $4
               AND claims = $5 AND done = 0",
        );
        let taken = changes_one(taken.bind(now_ms + LEASE_MS), tx).await?;
        self.number += 1;
        Ok(taken)
    }

    /// A statement about the piece, `$1` to `$4`, as long as the claim with number `$5` is the last.
    fn ours<'q>(&self, sql: &'static str) -> Query<'q> {
        of_job(sql, &self.job).bind(self.number)
    }
}

impl Failing {
    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            video_id: row.try_get("video_id")?,
            revision: row.try_get("revision")?,
            edge: row.try_get("edge")?,
            part: row.try_get("part")?,
            failures: row.try_get("failures")?,
            reason: row.try_get("reason")?,
        })
    }
}

/// Adds a piece of work, unless it is known already, done or not.
pub(crate) async fn add(tx: &mut Tx, job: &Job, due_ms: i64) -> Result<(), StoreError> {
    let traceparent = platform_telemetry::current_traceparent().unwrap_or_default();
    of_job(
        "INSERT INTO post_task (video_id, revision, edge, part, grade, due_ms, traceparent)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        job,
    )
    .bind(job.part.rank())
    .bind(due_ms)
    .bind(traceparent)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// There is news for this part of a film: it is due, whatever its revision and edge. Whoever works
/// on it without the news is fenced off, lest the news be put off with the work.
pub(crate) async fn hasten(
    tx: &mut Tx,
    video: &VideoId,
    part: &Part,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE post_task SET due_ms = $3, claims = claims + 1
         WHERE video_id = $1 AND part = $2 AND done = 0 AND due_ms > $3",
    )
    .bind(video.as_str())
    .bind(part.to_string())
    .bind(now_ms)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces all work on a film by purging it from the edges that have or may have some of it. Told
/// again, everything is done again: somebody found something.
pub(crate) async fn purge(tx: &mut Tx, video: &VideoId, now_ms: i64) -> Result<(), StoreError> {
    let edges: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT edge FROM post_task WHERE video_id = $1 AND edge <> ''",
    )
    .bind(video.as_str())
    .fetch_all(tx.conn())
    .await?;
    sqlx::query("DELETE FROM post_task WHERE video_id = $1 AND (part <> 'purge' OR done = 1)")
        .bind(video.as_str())
        .execute(tx.conn())
        .await?;
    sqlx::query("DELETE FROM post_refused WHERE video_id = $1")
        .bind(video.as_str())
        .execute(tx.conn())
        .await?;
    for edge in edges {
        // Now, and once more when nobody can be seeding any more who did not hear of it.
        for (revision, due_ms) in [(0, now_ms), (1, now_ms + LEASE_MS)] {
            let job = Job {
                video: video.clone(),
                revision,
                edge: edge.clone(),
                part: Part::Purge,
            };
            add(tx, &job, due_ms).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use testkit::stage::Stage;

    use super::*;
    use crate::store::MIGRATIONS;

    #[tokio::test]
    async fn work_is_taken_over_when_its_worker_falls_silent_and_not_before() {
        let stage = Stage::new().await;
        stage
            .db
            .migrate("post-processor", MIGRATIONS)
            .await
            .unwrap();
        let tasks = Tasks::new(stage.db.clone());
        let job = Job {
            video: VideoId::random(&mut rand::rng()),
            revision: 1,
            edge: String::new(),
            part: Part::Place,
        };
        let adding = tasks.write(async |mut tx| {
            add(&mut tx, &job, 0).await?;
            Ok(tx.commit().await?)
        });
        adding.await.unwrap();
        let claim = async |now_ms| tasks.claim(false, 8, now_ms).await.unwrap();
        let first = claim(0).await.remove(0);
        assert!(tasks.keep(&first, LEASE_MS / 2).await.unwrap());
        assert_eq!(claim(LEASE_MS + 1).await, []);
        assert_eq!(claim(LEASE_MS * 2).await.len(), 1);
        assert!(!tasks.keep(&first, LEASE_MS * 2).await.unwrap());
    }
}
