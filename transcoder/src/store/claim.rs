//! Which task is next, and taking it.

use std::time::Duration;

use schemas::{OwnerId, TaskId};
use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError};
use crate::domain::{FilmKey, Priority, Queue, Work};

/// What the free slots of a worker may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slots {
    /// The role.
    pub(crate) queue: Queue,
    /// The least urgent priority it takes.
    pub(crate) least: Priority,
}

/// A task that is ours until the lease ends.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// The task.
    pub(crate) id: TaskId,
    /// Grows with every claim; whoever holds an old one is refused.
    pub(crate) fence: i64,
    /// How often it was tried, this time included. An attempt that ended with its worker and this
    /// one, which takes over from it, are one.
    pub(crate) attempt: u32,
    /// How often a worker ended, or fell silent, while it held the task.
    pub(crate) deaths: u32,
    /// What it does.
    pub(crate) work: Work,
    /// Of which film.
    pub(crate) film: FilmKey,
    /// Whose film.
    pub(crate) owner: OwnerId,
    /// Somebody waits for it.
    pub(crate) urgent: bool,
    /// The trace that it belongs to, or nothing.
    pub(crate) traceparent: String,
    /// Why the attempt before failed, or nothing.
    pub(crate) last_error: String,
}

impl Store {
    /// Takes the task that is next for `slots`: the most urgent; among those of one urgency from
    /// the owner with the fewest running, then the oldest film, in order of its segments. A task
    /// whose lease has ended is taken over.
    ///
    /// Looks without a transaction, so that nothing to do costs next to nothing, and workers that
    /// take different tasks do not get in each other's way. Those of a process look one after the
    /// other: at the same moment they would all see the same task.
    pub(crate) async fn claim(
        &self,
        slots: Slots,
        worker: &str,
        lease: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        let _turn = self.claiming.lock().await;
        while let Some((id, fence)) = self.next(slots).await? {
            let id = id.as_str();
            let taken = self.db.write(|mut tx| async move {
                let now = self.now_ms();
                let until = lease_end(now, lease);
                let claim = take(tx.conn(), id, fence, worker, now, until).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(claim)
            });
            if let Some(claim) = taken.await? {
                return Ok(Some(claim));
            }
        }
        Ok(None)
    }

    async fn next(&self, slots: Slots) -> Result<Option<(String, i64)>, StoreError> {
        let mut reader = self.db.reader().acquire().await?;
        next(&mut reader, slots, self.now_ms()).await
    }

    /// How long until the first task of `queue` that nobody may take now can be taken: a pause or a
    /// lease ends. `None` when there is none.
    pub(crate) async fn next_due(&self, queue: Queue) -> Result<Option<Duration>, StoreError> {
        let now = self.now_ms();
        let due: Option<i64> = sqlx::query_scalar(
            "SELECT available_ms FROM transcoder_task
             WHERE queue = $1 AND available_ms > $2 AND state <> 'failed'
             ORDER BY available_ms LIMIT 1",
        )
        .bind(queue.as_str())
        .bind(now)
        .fetch_optional(self.db.reader())
        .await?;
        let wait = due.and_then(|due| u64::try_from(due.saturating_sub(now)).ok());
        Ok(wait.map(Duration::from_millis))
    }
}

/// The task that is next.
async fn next(
    conn: &mut AnyConnection,
    slots: Slots,
    now: i64,
) -> Result<Option<(String, i64)>, StoreError> {
    let best: Option<(i64, String)> = sqlx::query_as(
        "SELECT t.priority, t.owner FROM transcoder_task t
         WHERE t.queue = $1 AND t.priority <= $2 AND t.available_ms <= $3
            AND t.state <> 'failed'
         GROUP BY t.priority, t.owner
         ORDER BY t.priority,
            (SELECT count(*) FROM transcoder_task r
             WHERE r.state = 'running' AND r.owner = t.owner AND r.available_ms > $3),
            min(t.film_ms)
         LIMIT 1",
    )
    .bind(slots.queue.as_str())
    .bind(slots.least.rank())
    .bind(now)
    .fetch_optional(&mut *conn)
    .await?;
    let Some((priority, owner)) = best else {
        return Ok(None);
    };
    Ok(sqlx::query_as(
        "SELECT task_id, fence FROM transcoder_task
         WHERE queue = $1 AND priority = $2 AND owner = $3 AND available_ms <= $4
            AND state <> 'failed'
         ORDER BY film_ms, video_id, first_segment, kind
         LIMIT 1",
    )
    .bind(slots.queue.as_str())
    .bind(priority)
    .bind(owner)
    .bind(now)
    .fetch_optional(&mut *conn)
    .await?)
}

/// Compare and set: nobody may have touched the task since it was seen.
async fn take(
    conn: &mut AnyConnection,
    id: &str,
    fence: i64,
    worker: &str,
    now: i64,
    until: i64,
) -> Result<Option<Claim>, StoreError> {
    let row = sqlx::query(
        "UPDATE transcoder_task
         SET last_error = CASE WHEN state = 'running'
                THEN 'the worker ' || worker || ' stopped answering' ELSE last_error END,
            state = 'running', worker = $1, available_ms = $2, fence = fence + 1,
            attempts = attempts + CASE WHEN state = 'running' THEN 0 ELSE 1 END,
            deaths = deaths + CASE WHEN state = 'running' THEN 1 ELSE 0 END
         WHERE task_id = $3 AND fence = $4 AND available_ms <= $5 AND state <> 'failed'
         RETURNING task_id, fence, attempts, deaths, video_id, revision, kind, tracks, first_segment,
            segment_count, priority, owner, traceparent, last_error",
    )
    .bind(worker)
    .bind(until)
    .bind(id)
    .bind(fence)
    .bind(now)
    .fetch_optional(conn)
    .await?;
    row.map(|row| claim(&row)).transpose()
}

/// When a lease that is taken at `now` ends.
pub(super) fn lease_end(now: i64, lease: Duration) -> i64 {
    now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}

fn claim(row: &AnyRow) -> Result<Claim, StoreError> {
    let id: String = row.try_get("task_id")?;
    let corrupt = |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Corrupt {
        what: format!("task {id}"),
        source: error,
    };
    let number = |name| -> Result<u32, StoreError> {
        let value: i64 = row.try_get(name)?;
        u32::try_from(value).map_err(|error| corrupt(error.into()))
    };
    let text = |name| -> Result<String, StoreError> { Ok(row.try_get(name)?) };
    let first = number("first_segment")?;
    let segments = first..first.saturating_add(number("segment_count")?);
    let work = Work::parse(&text("kind")?, &text("tracks")?, segments)
        .map_err(|error| corrupt(error.into()))?;
    Ok(Claim {
        id: id
            .parse()
            .map_err(|error: schemas::IdError| corrupt(error.into()))?,
        fence: row.try_get("fence")?,
        attempt: number("attempts")?,
        deaths: number("deaths")?,
        work,
        film: FilmKey {
            video: text("video_id")?
                .parse()
                .map_err(|error: schemas::IdError| corrupt(error.into()))?,
            revision: number("revision")?,
        },
        owner: OwnerId::new(text("owner")?),
        urgent: i64::from(number("priority")?) <= Priority::First.rank(),
        traceparent: text("traceparent")?,
        last_error: text("last_error")?,
    })
}
