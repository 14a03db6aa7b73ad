//! Rows change by compare-and-set on their version, so that of two who change the same row at the
//! same moment one looks again.

use platform_bus::{Topic, outbox};
use platform_db::{DbError, Tx};
use schemas::v1::Event;
use schemas::{OwnerId, VideoId};
use sqlx::Row as _;

use super::Store;
use super::row::{COLUMNS, video_of};
use crate::domain::{Edit, State, Video, fold};

/// Who wants to change what.
#[derive(Debug)]
pub(crate) struct Editing<'a> {
    pub(crate) id: &'a VideoId,
    pub(crate) owner: &'a OwnerId,
    pub(crate) edit: &'a Edit,
}

/// What became of an edit.
#[derive(Debug)]
pub(crate) enum EditOutcome {
    /// It is made.
    Done(Box<Video>),
    /// There is no such video.
    NotFound,
    /// It is somebody else's.
    NotYours,
}

struct Stored {
    video: Video,
    version: i64,
}

impl Store {
    /// Makes the row what `event` says; nothing happens when it says nothing new.
    pub(crate) async fn apply(&self, id: &VideoId, event: &Event) -> Result<(), DbError> {
        loop {
            let mut tx = self.db.begin().await?;
            let before = load(&mut tx, id).await?;
            let after = fold(before.as_ref().map(|it| it.video.clone()), id, event);
            if before.as_ref().is_some_and(|it| it.video == after) {
                return Ok(());
            }
            if save(&mut tx, before.as_ref(), &after).await? {
                return tx.commit().await;
            }
        }
    }

    /// Makes an owner's edit and tells of it by the event that `tell` makes.
    pub(crate) async fn edit(
        &self,
        editing: Editing<'_>,
        tell: impl Fn(&Video) -> Event,
    ) -> Result<EditOutcome, DbError> {
        loop {
            let mut tx = self.db.begin().await?;
            let Some(before) = load(&mut tx, editing.id).await? else {
                return Ok(EditOutcome::NotFound);
            };
            if before.video.state == State::Deleted {
                return Ok(EditOutcome::NotFound);
            }
            if before.video.owner.as_ref() != Some(editing.owner) {
                return Ok(EditOutcome::NotYours);
            }
            let mut after = before.video.clone();
            editing.edit.apply(&mut after);
            if before.video == after {
                return Ok(EditOutcome::Done(Box::new(after)));
            }
            if save(&mut tx, Some(&before), &after).await? {
                let event = tell(&after);
                outbox::append(&mut tx, Topic::Videos, editing.id.as_str(), &event).await?;
                tx.commit().await?;
                return Ok(EditOutcome::Done(Box::new(after)));
            }
        }
    }
}

async fn load(tx: &mut Tx, id: &VideoId) -> Result<Option<Stored>, DbError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS}, version FROM metadata_video WHERE video_id = $1"
    )))
    .bind(id.as_str())
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Stored {
        video: video_of(&row)?,
        version: row.try_get("version")?,
    }))
}

/// Writes `after` over `before`; false when somebody else has written in between.
async fn save(tx: &mut Tx, before: Option<&Stored>, after: &Video) -> Result<bool, DbError> {
    let was_searchable = before.and_then(|it| it.video.searchable());
    let searched = i64::from(was_searchable != after.searchable());
    let facts = serde_json::to_string(&after.facts)
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let owner = after.owner.as_ref().map_or("", OwnerId::as_str);
    let written =
        match before {
            None => {
                sqlx::query(
                    "INSERT INTO metadata_video (video_id, owner, title, description, state,
                    created_at_ms, published_at_ms, facts, version, search_version, indexed_version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, 0)
                 ON CONFLICT DO NOTHING",
                )
                .bind(after.id.as_str())
                .bind(owner)
                .bind(&after.title)
                .bind(&after.description)
                .bind(after.state.name())
                .bind(after.created_at_ms)
                .bind(after.published_at_ms)
                .bind(facts)
                .bind(searched)
                .execute(tx.conn())
                .await?
            }
            Some(before) => sqlx::query(
                "UPDATE metadata_video SET owner = $1, title = $2, description = $3, state = $4,
                    created_at_ms = $5, published_at_ms = $6, facts = $7, version = version + 1,
                    search_version = search_version + $8
                 WHERE video_id = $9 AND version = $10",
            )
            .bind(owner)
            .bind(&after.title)
            .bind(&after.description)
            .bind(after.state.name())
            .bind(after.created_at_ms)
            .bind(after.published_at_ms)
            .bind(facts)
            .bind(searched)
            .bind(after.id.as_str())
            .bind(before.version)
            .execute(tx.conn())
            .await?,
        };
    Ok(written.rows_affected() == 1)
}
