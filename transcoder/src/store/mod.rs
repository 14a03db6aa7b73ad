//! The transcoder's rows: films, what exists of them, and the tasks that make the rest.
//!
//! Every function is one statement or one transaction. Facts that others need leave in the same
//! transaction through the outbox.

mod claim;
mod clearing;
mod failing;
mod films;
mod holdings;
mod inspect;
mod lease;
mod planning;
mod recording;
mod schema;
mod wanting;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use platform_bus::{Topic, outbox};
use platform_core::Clock;
use platform_db::{Db, DbError, MigrateError, Tx, WriteError};
use schemas::v1::event::Payload;
use schemas::{NewEvent, TaskId};
use tokio::sync::Mutex;

pub(crate) use claim::{Claim, Slots};
pub(crate) use failing::{Problem, Verdict};
pub(crate) use films::Upload;
pub(crate) use holdings::Held;
pub(crate) use inspect::{Availability, TaskView};
pub(crate) use planning::PlanFacts;
pub(crate) use recording::Made;

use crate::domain::{FilmKey, NewTask};

/// Why a store operation did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The task is another worker's now, or there is nothing left to do: stop, write nothing more.
    #[error("the task was taken over or cancelled")]
    Stale,
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A row does not mean anything to this program.
    #[error("the row of {what} cannot be read")]
    Corrupt {
        /// Whose row.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl WriteError for StoreError {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Stale | Self::Corrupt { .. } => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl StoreError {
    fn corrupt(
        what: impl fmt::Display,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Corrupt {
            what: what.to_string(),
            source: Box::new(source),
        }
    }
}

/// The rows. Clones share the database.
#[derive(Clone)]
pub(crate) struct Store {
    db: Db,
    clock: Arc<dyn Clock>,
    claiming: Arc<Mutex<()>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the rows in `db`, making the tables that are not there.
    pub(crate) async fn open(db: Db, clock: Arc<dyn Clock>) -> Result<Self, MigrateError> {
        db.migrate("transcoder", schema::MIGRATIONS).await?;
        Ok(Self {
            db: db.about("transcoder"),
            clock,
            claiming: Arc::default(),
        })
    }

    /// Changes with every commit of this service: what to wait on for new tasks.
    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.db.changes()
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Tells `payload` on `topic` when `tx` commits.
    async fn tell(
        &self,
        tx: &mut Tx,
        topic: Topic,
        claim: &Claim,
        payload: Payload,
    ) -> Result<(), StoreError> {
        let event = NewEvent::new(claim.owner.clone(), payload);
        let event = event.stamp(self.now_ms(), &mut rand::rng());
        outbox::append(tx, topic, claim.film.video.as_str(), &event).await?;
        Ok(())
    }

    /// Adds tasks; one that is there already is hurried when the new one is more urgent, and
    /// otherwise left as it is. All belong to the trace of the upload.
    async fn add_tasks(
        &self,
        tx: &mut Tx,
        key: &FilmKey,
        tasks: &[NewTask],
    ) -> Result<(), StoreError> {
        for task in tasks {
            let segments = task.work.segments();
            sqlx::query(
                "INSERT INTO transcoder_task
                    (task_id, video_id, revision, queue, kind, tracks, first_segment,
                     segment_count, priority, owner, film_ms, state, available_ms, traceparent,
                     created_ms)
                 SELECT $1, video_id, revision, $4, $5, $6, $7, $8, $9, owner, created_ms,
                     'waiting', 0, traceparent, $10
                 FROM transcoder_video WHERE video_id = $2 AND revision = $3
                 ON CONFLICT (video_id, revision, kind, tracks, first_segment, segment_count)
                 DO UPDATE SET priority = excluded.priority
                 WHERE transcoder_task.priority > excluded.priority",
            )
            .bind(new_task_id().as_str())
            .bind(key.video.as_str())
            .bind(i64::from(key.revision))
            .bind(task.work.queue().as_str())
            .bind(task.work.kind())
            .bind(task.work.tracks_text())
            .bind(i64::from(segments.start))
            .bind(i64::from(segments.end - segments.start))
            .bind(task.priority.rank())
            .bind(self.now_ms())
            .execute(tx.conn())
            .await?;
        }
        Ok(())
    }
}

fn new_task_id() -> TaskId {
    TaskId::random(&mut rand::rng())
}

/// What a program said, without the one character that PostgreSQL does not keep.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

/// A count of rows or segments as events carry it.
fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}
