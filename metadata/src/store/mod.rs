//! The catalogue's rows.

mod holdings;
mod indexing;
mod list;
mod people;
mod removal;
mod row;
mod write;

use platform_db::{Db, DbError, Migration};
use platform_passwords::Tries;
use schemas::VideoId;

use crate::domain::Video;
use row::{COLUMNS, video_of};

pub(crate) use indexing::Pending;
pub(crate) use list::{Position, Which};

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE metadata_video (
        video_id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        published_at_ms BIGINT,
        facts TEXT NOT NULL,
        version BIGINT NOT NULL,
        search_version BIGINT NOT NULL,
        indexed_version BIGINT NOT NULL
    );
    CREATE INDEX metadata_video_live ON metadata_video (published_at_ms, video_id)
        WHERE state = 'live';
    CREATE INDEX metadata_video_owner ON metadata_video (owner, created_at_ms, video_id);
    CREATE INDEX metadata_video_to_index ON metadata_video (video_id)
        WHERE indexed_version < search_version;
    CREATE TABLE metadata_index (
        name TEXT PRIMARY KEY,
        index_id TEXT NOT NULL
    )",
    ),
    // Until then everything was for everybody. Shelves are lists that people browse.
    Migration::new(
        2,
        "ALTER TABLE metadata_video ADD COLUMN visibility TEXT NOT NULL DEFAULT 'public';
    ALTER TABLE metadata_video ADD COLUMN access_generation BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE metadata_video ADD COLUMN shared_with TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE metadata_video ADD COLUMN about TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE metadata_video ADD COLUMN edits BIGINT NOT NULL DEFAULT 0;
    DROP INDEX metadata_video_live;
    CREATE TABLE metadata_shelf (
        shelf TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        video_id TEXT NOT NULL,
        PRIMARY KEY (shelf, at_ms, video_id)
    );
    CREATE INDEX metadata_shelf_video ON metadata_shelf (video_id);
    INSERT INTO metadata_shelf (shelf, at_ms, video_id)
        SELECT 'everybody', COALESCE(published_at_ms, created_at_ms), video_id
        FROM metadata_video WHERE state = 'live';
    INSERT INTO metadata_shelf (shelf, at_ms, video_id)
        SELECT 'channel:' || owner, COALESCE(published_at_ms, created_at_ms), video_id
        FROM metadata_video WHERE state = 'live';
    CREATE TABLE metadata_person (
        user_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL
    );
    CREATE INDEX metadata_person_name ON metadata_person (name_key);
    UPDATE metadata_video SET search_version = search_version + 1",
    ),
    // Users who are gone take their videos with them, also those that are told of later.
    Migration::new(
        3,
        "ALTER TABLE metadata_video ADD COLUMN trashed_at_ms BIGINT;
    CREATE INDEX metadata_video_trashed ON metadata_video (trashed_at_ms)
        WHERE trashed_at_ms IS NOT NULL;
    CREATE TABLE metadata_gone (user_id TEXT PRIMARY KEY)",
    ),
    // Videos that a password opens, and tries to guess it.
    Migration::new(
        4,
        "ALTER TABLE metadata_video ADD COLUMN password_hash TEXT;
    CREATE TABLE metadata_attempt (
        attempt_id TEXT NOT NULL,
        bucket TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        failed BIGINT NOT NULL,
        PRIMARY KEY (attempt_id, bucket)
    );
    CREATE INDEX metadata_attempt_bucket ON metadata_attempt (bucket, at_ms);
    CREATE INDEX metadata_attempt_time ON metadata_attempt (at_ms)",
    ),
];

/// The catalogue's rows.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    db: Db,
}

impl Store {
    pub(crate) fn new(db: &Db) -> Self {
        Self {
            db: db.about("metadata"),
        }
    }

    /// Tries to guess passwords of videos.
    pub(crate) fn tries(&self) -> Tries {
        Tries::new(&self.db, "metadata_attempt")
    }

    /// Changes when anything is committed to the catalogue.
    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.db.changes()
    }

    /// The video's row; what is left of a deleted one too.
    pub(crate) async fn get(&self, id: &VideoId) -> Result<Option<Video>, DbError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM metadata_video WHERE video_id = $1"
        )))
        .bind(id.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.as_ref().map(video_of).transpose()?)
    }

    /// The rows of these videos, as far as there are any, in no order.
    pub(crate) async fn get_all(&self, ids: &[VideoId]) -> Result<Vec<Video>, DbError> {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM metadata_video WHERE video_id IN ({})",
            places(ids.len())
        )));
        for id in ids {
            query = query.bind(id.as_str());
        }
        let rows = query.fetch_all(self.db.reader()).await?;
        Ok(rows.iter().map(video_of).collect::<Result<_, _>>()?)
    }
}

/// Placeholders for `count` values: `$1, $2`.
fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|n| format!("${n}")).collect();
    places.join(", ")
}
