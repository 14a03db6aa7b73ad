//! Films come in, and are read.

use platform_db::Tx;
use schemas::OwnerId;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Store, StoreError};
use crate::domain::{Film, FilmKey, FilmState, NewTask, Priority, Work};

/// A source that was uploaded.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    /// The film it becomes.
    pub(crate) key: FilmKey,
    /// Whose it is.
    pub(crate) owner: OwnerId,
    /// Object key of the source.
    pub(crate) source_key: String,
    /// It goes live when its lowest rung is complete.
    pub(crate) lowest_first: bool,
    /// Seconds of the longest film that is taken from its owner; 0: any.
    pub(crate) longest_s: u32,
}

impl Store {
    /// Takes a film in and adds the task that plans it. The second time nothing happens, and nothing
    /// when the video was deleted meanwhile.
    pub(crate) async fn take_in(&self, upload: &Upload) -> Result<bool, StoreError> {
        self.db
            .write(|mut tx| async move {
                let inserted = sqlx::query(
                    "INSERT INTO transcoder_video
                    (video_id, revision, owner, source_key, state, traceparent, created_ms,
                     lowest_first, longest_s)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $10
                 WHERE NOT EXISTS (SELECT 1 FROM transcoder_video
                    WHERE video_id = $1 AND state = $9)
                 ON CONFLICT DO NOTHING",
                )
                .bind(upload.key.video.as_str())
                .bind(i64::from(upload.key.revision))
                .bind(upload.owner.as_str())
                .bind(upload.source_key.as_str())
                .bind(FilmState::Uploaded.as_str())
                .bind(platform_telemetry::current_traceparent().unwrap_or_default())
                .bind(self.now_ms())
                .bind(i64::from(upload.lowest_first))
                .bind(FilmState::Deleted.as_str())
                .bind(i64::from(upload.longest_s))
                .execute(tx.conn())
                .await?;
                if inserted.rows_affected() == 0 {
                    return Ok(false);
                }
                let plan = NewTask {
                    work: Work::Plan,
                    priority: Priority::First,
                };
                self.add_tasks(&mut tx, &upload.key, &[plan]).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Reads a film; `None` when there is none.
    pub(crate) async fn film(&self, key: &FilmKey) -> Result<Option<Film>, StoreError> {
        sqlx::query(FILM)
            .bind(key.video.as_str())
            .bind(i64::from(key.revision))
            .fetch_optional(self.db.reader())
            .await?
            .map(|row| film(key, &row))
            .transpose()
    }

    /// Reads a film within `tx`.
    pub(super) async fn film_in(
        &self,
        tx: &mut Tx,
        key: &FilmKey,
    ) -> Result<Option<Film>, StoreError> {
        sqlx::query(FILM)
            .bind(key.video.as_str())
            .bind(i64::from(key.revision))
            .fetch_optional(tx.conn())
            .await?
            .map(|row| film(key, &row))
            .transpose()
    }
}

const FILM: &str = "SELECT source_key, state, plan, created_ms, lowest_first, longest_s
    FROM transcoder_video WHERE video_id = $1 AND revision = $2";

fn film(key: &FilmKey, row: &AnyRow) -> Result<Film, StoreError> {
    let state: String = row.try_get("state")?;
    let plan: String = row.try_get("plan")?;
    let plan = if plan.is_empty() {
        None
    } else {
        let read = media::Plan::from_json(plan.as_bytes());
        Some(read.map_err(|error| StoreError::corrupt(format!("film {key}"), error))?)
    };
    Ok(Film {
        key: key.clone(),
        source_key: row.try_get("source_key")?,
        state: state
            .parse()
            .map_err(|error| StoreError::corrupt(format!("film {key}"), error))?,
        plan,
        created_ms: row.try_get("created_ms")?,
        lowest_first: row.try_get::<i64, _>("lowest_first")? != 0,
        longest_s: u32::try_from(row.try_get::<i64, _>("longest_s")?).unwrap_or(0),
    })
}
