//! Rows change in transactions that read them first: of two who change the same row at the same
//! moment one sees what the other has made of it.

use platform_bus::{Topic, outbox};
use platform_db::{DbError, Tx};
use schemas::v1::Event;
use schemas::{OwnerId, VideoId};

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

impl Store {
    /// Makes the row what `event` says; nothing happens when it says nothing new.
    pub(crate) async fn apply(&self, id: &VideoId, event: &Event) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                let before = load(&mut tx, id).await?;
                let after = fold(before.clone(), id, event);
                if before.as_ref() == Some(&after) {
                    return Ok(());
                }
                save(&mut tx, before.as_ref(), &after).await?;
                tx.commit().await
            })
            .await
    }

    /// Makes an owner's edit and tells of it by the event that `tell` makes.
    pub(crate) async fn edit(
        &self,
        editing: Editing<'_>,
        tell: impl Fn(&Video) -> Event,
    ) -> Result<EditOutcome, DbError> {
        let (editing, tell) = (&editing, &tell);
        self.db
            .write(|mut tx| async move {
                let Some(before) = load(&mut tx, editing.id).await? else {
                    return Ok(EditOutcome::NotFound);
                };
                if before.state == State::Deleted {
                    return Ok(EditOutcome::NotFound);
                }
                if before.owner.as_ref() != Some(editing.owner) {
                    return Ok(EditOutcome::NotYours);
                }
                let mut after = before.clone();
                editing.edit.apply(&mut after);
                if before != after {
                    save(&mut tx, Some(&before), &after).await?;
                    let event = tell(&after);
                    outbox::append(&mut tx, Topic::Videos, editing.id.as_str(), &event).await?;
                    tx.commit().await?;
                }
                Ok(EditOutcome::Done(Box::new(after)))
            })
            .await
    }
}

async fn load(tx: &mut Tx, id: &VideoId) -> Result<Option<Video>, DbError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM metadata_video WHERE video_id = $1"
    )))
    .bind(id.as_str())
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.as_ref().map(video_of).transpose()?)
}

/// Writes `after` over `before`.
async fn save(tx: &mut Tx, before: Option<&Video>, after: &Video) -> Result<(), DbError> {
    let was_searchable = before.and_then(Video::searchable);
    let searched = i64::from(was_searchable != after.searchable());
    let facts = serde_json::to_string(&after.facts)
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let owner = after.owner.as_ref().map_or("", OwnerId::as_str);
    let sql = match before {
        None => {
            "INSERT INTO metadata_video (video_id, owner, title, description, state,
                created_at_ms, published_at_ms, facts, version, search_version, indexed_version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, 0)"
        }
        Some(_) => {
            "UPDATE metadata_video SET owner = $2, title = $3, description = $4, state = $5,
                created_at_ms = $6, published_at_ms = $7, facts = $8, version = version + 1,
                search_version = search_version + $9
             WHERE video_id = $1"
        }
    };
    sqlx::query(sql)
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
        .await?;
    Ok(())
}
