//! Rows change in transactions that read them first: of two who change the same row at the same
//! moment one sees what the other has made of it.

use platform_bus::{Topic, outbox};
use platform_core::Redacted;
use platform_db::{DbError, Tx};
use schemas::VideoId;
use schemas::v1::Event;
use serde::Serialize;

use super::Store;
use super::row::{COLUMNS, video_of};
use crate::domain::{Refused, Video, fold};

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

    /// Makes of a video what `decide` says, and tells of it by the event that `tell` makes.
    pub(crate) async fn change(
        &self,
        id: &VideoId,
        decide: impl Fn(&Video) -> Result<Video, Refused>,
        tell: impl Fn(&Video) -> Event,
    ) -> Result<Result<Video, Refused>, DbError> {
        let (decide, tell) = (&decide, &tell);
        self.db
            .write(|mut tx| async move {
                let Some(before) = load(&mut tx, id).await? else {
                    return Ok(Err(Refused::NotFound));
                };
                let after = match decide(&before) {
                    Ok(after) => after,
                    Err(refused) => return Ok(Err(refused)),
                };
                if before != after {
                    save(&mut tx, Some(&before), &after).await?;
                    let event = tell(&after);
                    outbox::append(&mut tx, Topic::Videos, id.as_str(), &event).await?;
                    tx.commit().await?;
                }
                Ok(Ok(after))
            })
            .await
    }
}

pub(super) async fn load(tx: &mut Tx, id: &VideoId) -> Result<Option<Video>, DbError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM metadata_video WHERE video_id = $1"
    )))
    .bind(id.as_str())
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.as_ref().map(video_of).transpose()?)
}

/// Writes `after` over `before`.
pub(super) async fn save(
    tx: &mut Tx,
    before: Option<&Video>,
    after: &Video,
) -> Result<(), DbError> {
    let searched = i64::from(before.and_then(Video::searched) != after.searched());
    let owner = after.owner.as_ref().map_or("", schemas::OwnerId::as_str);
    let sql = match before {
        None => {
            "INSERT INTO metadata_video (video_id, owner, title, description, state,
                created_at_ms, published_at_ms, visibility, access_generation, shared_with, about,
                edits, facts, trashed_at_ms, password_hash, version, search_version,
                indexed_version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1, $16, 0)"
        }
        Some(_) => {
            "UPDATE metadata_video SET owner = $2, title = $3, description = $4, state = $5,
                created_at_ms = $6, published_at_ms = $7, visibility = $8, access_generation = $9,
                shared_with = $10, about = $11, edits = $12, facts = $13, trashed_at_ms = $14,
                password_hash = $15, version = version + 1,
                search_version = search_version + $16
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
        .bind(after.access.visibility.name())
        .bind(i64::from(after.access.generation))
        .bind(json(&after.access.shared_with)?)
        .bind(json(&after.about)?)
        .bind(after.edits)
        .bind(json(&after.facts)?)
        .bind(after.trashed_at_ms)
        .bind(after.access.password.as_ref().map(Redacted::expose))
        .bind(searched)
        .execute(tx.conn())
        .await?;
    let places = |video: &Video| (video.shelves(), video.dated_ms());
    let stood = before
        .map(places)
        .filter(|(shelves, _)| !shelves.is_empty());
    let stands = Some(places(after)).filter(|(shelves, _)| !shelves.is_empty());
    if stood == stands {
        return Ok(());
    }
    shelve(tx, after).await
}

fn json<T: Serialize>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Puts `video` on its shelves, and takes it from all others.
async fn shelve(tx: &mut Tx, video: &Video) -> Result<(), DbError> {
    sqlx::query("DELETE FROM metadata_shelf WHERE video_id = $1")
        .bind(video.id.as_str())
        .execute(tx.conn())
        .await?;
    for shelf in video.shelves() {
        sqlx::query("INSERT INTO metadata_shelf (shelf, at_ms, video_id) VALUES ($1, $2, $3)")
            .bind(shelf.name())
            .bind(video.dated_ms())
            .bind(video.id.as_str())
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
