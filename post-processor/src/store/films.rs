//! `post_video`: what events have told of each film.

use platform_bus::{Topic, outbox};
use platform_db::{Db, Tx};
use schemas::v1::{Event, VideoPlayable};
use schemas::{OwnerId, VideoId};
use sqlx::Row as _;

use super::{Job, StoreError, add};
use crate::domain::policy::Policy;

/// What is known of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Film {
    pub(crate) owner: OwnerId,
    /// `None` until the upload's event has come.
    pub(crate) policy: Option<Policy>,
    /// Objects of the beginning.
    pub(crate) beginning: Vec<String>,
    /// The revision that is complete, or 0.
    pub(crate) transcoded: u32,
    pub(crate) deleted: bool,
}

/// The films, in rows. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Films(pub(super) Db);

impl Films {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    pub(super) fn db(&self) -> &Db {
        &self.0
    }

    /// What is known of `video`.
    pub(crate) async fn get(&self, video: &VideoId) -> Result<Option<Film>, StoreError> {
        let row = sqlx::query(
            "SELECT owner, policy, beginning, transcoded, deleted FROM post_video
             WHERE video_id = $1",
        )
        .bind(video.as_str())
        .fetch_optional(self.0.reader())
        .await?;
        row.map(|row| {
            let beginning: String = row.try_get("beginning")?;
            let beginning = serde_json::from_str(&beginning);
            let transcoded = u32::try_from(row.try_get::<i64, _>("transcoded")?);
            Ok(Film {
                owner: OwnerId::new(row.try_get::<String, _>("owner")?),
                policy: Policy::from_number(row.try_get("policy")?),
                beginning: beginning.map_err(|_e| StoreError::Row("beginning"))?,
                transcoded: transcoded.map_err(|_e| StoreError::Row("revision"))?,
                deleted: row.try_get::<i64, _>("deleted")? != 0,
            })
        })
        .transpose()
    }

    /// Tells everyone something of `video`.
    pub(crate) async fn tell(&self, video: &VideoId, event: &Event) -> Result<(), StoreError> {
        self.0
            .write(|mut tx| async move {
                outbox::append(&mut tx, Topic::Videos, video.as_str(), event).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Takes `revision` of `video` live, once, and tells everyone; `retire` comes of it. Returns
    /// whether it was not yet.
    pub(crate) async fn go_live(
        &self,
        video: &VideoId,
        revision: u32,
        event: &Event,
        retire: Option<(&Job, i64)>,
    ) -> Result<bool, StoreError> {
        self.0
            .write(|mut tx| async move {
                let moved = sqlx::query(
                    "UPDATE post_video SET live = $2
                 WHERE video_id = $1 AND live < $2 AND deleted = 0
                   AND NOT EXISTS (SELECT 1 FROM post_refused
                      WHERE video_id = $1 AND revision = $2)",
                )
                .bind(video.as_str())
                .bind(i64::from(revision))
                .execute(tx.conn())
                .await?
                .rows_affected();
                if moved == 0 {
                    return Ok(false);
                }
                if let Some((job, due_ms)) = retire {
                    add(&mut tx, job, due_ms).await?;
                }
                outbox::append(&mut tx, Topic::Videos, video.as_str(), event).await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }
}

/// The uploader's wish is known.
pub(crate) async fn uploaded(
    tx: &mut Tx,
    video: &VideoId,
    owner: &str,
    policy: Policy,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO post_video (video_id, owner, policy) VALUES ($1, $2, $3)
         ON CONFLICT (video_id) DO UPDATE SET owner = excluded.owner, policy = excluded.policy",
    )
    .bind(video.as_str())
    .bind(owner)
    .bind(policy.number())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The beginning exists.
pub(crate) async fn playable(
    tx: &mut Tx,
    video: &VideoId,
    told: &VideoPlayable,
) -> Result<(), StoreError> {
    let beginning =
        serde_json::to_string(&told.paths).map_err(|_e| StoreError::Row("beginning"))?;
    sqlx::query(
        "INSERT INTO post_video (video_id, revision, beginning) VALUES ($1, $2, $3)
         ON CONFLICT (video_id) DO UPDATE
         SET revision = excluded.revision, beginning = excluded.beginning
         WHERE post_video.revision <= excluded.revision",
    )
    .bind(video.as_str())
    .bind(i64::from(told.revision))
    .bind(beginning)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everything exists.
pub(crate) async fn transcoded(
    tx: &mut Tx,
    video: &VideoId,
    revision: u32,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO post_video (video_id, transcoded) VALUES ($1, $2)
         ON CONFLICT (video_id) DO UPDATE SET transcoded = excluded.transcoded
         WHERE post_video.transcoded < excluded.transcoded",
    )
    .bind(video.as_str())
    .bind(i64::from(revision))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the film is gone, or this revision of it, as far as this transaction sees.
pub(crate) async fn is_gone(
    tx: &mut Tx,
    video: &VideoId,
    revision: u32,
) -> Result<bool, StoreError> {
    let gone: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM post_video WHERE video_id = $1 AND (deleted <> 0 OR replaced > $2)
         UNION ALL
         SELECT CAST(1 AS BIGINT) FROM post_refused WHERE video_id = $1 AND revision = $2 LIMIT 1",
    )
    .bind(video.as_str())
    .bind(i64::from(revision))
    .fetch_optional(tx.conn())
    .await?;
    Ok(gone.is_some())
}

/// The film is gone: it never goes live any more.
pub(crate) async fn deleted(tx: &mut Tx, video: &VideoId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO post_video (video_id, deleted) VALUES ($1, 1)
         ON CONFLICT (video_id) DO UPDATE SET deleted = 1",
    )
    .bind(video.as_str())
    .execute(tx.conn())
    .await?;
    Ok(())
}
