//! Pages of videos, newest first.

use platform_db::DbError;
use schemas::OwnerId;

use super::Store;
use super::row::{COLUMNS, video_of};
use crate::domain::{Shelf, Video};

/// Which videos a page is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those on a shelf, by the time they went live.
    On(Shelf),
    /// All of one owner, by the time their upload began.
    Of(OwnerId),
    /// Those that one owner threw away, by the time their upload began.
    ThrownAway(OwnerId),
}

/// A place between two videos of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) at_ms: i64,
    pub(crate) video_id: String,
}

impl Position {
    /// Before the newest.
    pub(crate) fn start() -> Self {
        Self {
            at_ms: i64::MAX,
            video_id: String::new(),
        }
    }

    /// Behind `video` in a list of `which`.
    pub(crate) fn after(video: &Video, which: &Which) -> Self {
        let at_ms = match which {
            Which::On(_) => video.dated_ms(),
            Which::Of(_) | Which::ThrownAway(_) => video.created_at_ms,
        };
        Self {
            at_ms,
            video_id: video.id.to_string(),
        }
    }
}

impl Store {
    /// Up to `limit` videos behind `position`.
    pub(crate) async fn list(
        &self,
        which: &Which,
        position: &Position,
        limit: i64,
    ) -> Result<Vec<Video>, DbError> {
        let rows = match which {
            Which::On(place) => {
                sqlx::query(sqlx::AssertSqlSafe(format!(
                    "SELECT {COLUMNS} FROM metadata_video WHERE video_id IN (
                        SELECT video_id FROM metadata_shelf
                        WHERE shelf = $4 AND (at_ms < $1 OR (at_ms = $1 AND video_id < $2))
                        ORDER BY at_ms DESC, video_id DESC LIMIT $3)
                     ORDER BY COALESCE(published_at_ms, created_at_ms) DESC, video_id DESC"
                )))
                .bind(position.at_ms)
                .bind(&position.video_id)
                .bind(limit)
                .bind(place.name())
                .fetch_all(self.db.reader())
                .await?
            }
            Which::Of(owner) | Which::ThrownAway(owner) => {
                let is = if matches!(which, Which::Of(_)) {
                    "IS NULL"
                } else {
                    "IS NOT NULL"
                };
                sqlx::query(sqlx::AssertSqlSafe(format!(
                    "SELECT {COLUMNS} FROM metadata_video
                     WHERE owner = $4 AND state <> 'deleted' AND trashed_at_ms {is}
                        AND (created_at_ms < $1
                        OR (created_at_ms = $1 AND video_id < $2))
                     ORDER BY created_at_ms DESC, video_id DESC LIMIT $3"
                )))
                .bind(position.at_ms)
                .bind(&position.video_id)
                .bind(limit)
                .bind(owner.as_str())
                .fetch_all(self.db.reader())
                .await?
            }
        };
        Ok(rows.iter().map(video_of).collect::<Result<_, _>>()?)
    }
}
