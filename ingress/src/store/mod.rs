//! Upload records in the database.

mod holdings;
mod quota;
mod replacing;
mod row;
mod transitions;

use platform_core::clock::Clock;
use platform_db::{Db, DbError, Migration, Tx, WriteError};
use schemas::{OwnerId, UploadId, VideoId};
use sqlx::AnyConnection;

use crate::domain::{KnownPart, Upload};
use row::{COLUMNS, upload_of};

pub(crate) use holdings::Held;
pub(crate) use quota::{quota_of, used};
pub(crate) use replacing::{discard_film, discard_older, is_all_gone, replaced};
pub(crate) use transitions::Transition;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE ingress_upload (
        upload_id TEXT PRIMARY KEY,
        video_id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        file_name TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        fingerprint TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        publish_policy BIGINT NOT NULL,
        part_size_bytes BIGINT NOT NULL,
        parallel_parts BIGINT NOT NULL,
        state TEXT NOT NULL,
        multipart_id TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        touched_at_ms BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX ingress_upload_unfinished ON ingress_upload (owner, fingerprint, size_bytes)
        WHERE state IN ('opening', 'open', 'completing');
    CREATE INDEX ingress_upload_state ON ingress_upload (state, touched_at_ms);
    CREATE TABLE ingress_part (
        upload_id TEXT NOT NULL REFERENCES ingress_upload (upload_id) ON DELETE CASCADE,
        number BIGINT NOT NULL,
        size_bytes BIGINT NOT NULL,
        crc32c TEXT NOT NULL,
        PRIMARY KEY (upload_id, number)
    )",
    ),
    Migration::new(
        2,
        "ALTER TABLE ingress_upload ADD COLUMN traceparent TEXT NOT NULL DEFAULT ''",
    ),
    Migration::new(
        3,
        "ALTER TABLE ingress_upload ADD COLUMN told_bytes BIGINT NOT NULL DEFAULT 0;
         ALTER TABLE ingress_upload ADD COLUMN told BIGINT NOT NULL DEFAULT 0",
    ),
    Migration::new(
        4,
        "ALTER TABLE ingress_upload ADD COLUMN swept_at_ms BIGINT NOT NULL DEFAULT 0;
         CREATE INDEX ingress_upload_unswept ON ingress_upload (touched_at_ms)
            WHERE swept_at_ms < touched_at_ms",
    ),
    Migration::new(
        5,
        "ALTER TABLE ingress_upload ADD COLUMN visibility BIGINT NOT NULL DEFAULT 0",
    ),
    // A video has one upload for each of its revisions. SQLite takes a UNIQUE from no column, so that
    // the tables are made anew. `begun` is the highest revision that was begun as far as the row
    // knows: those that were given up are forgotten, and their numbers must not come again.
    Migration::new(
        6,
        "CREATE TABLE ingress_upload_new (
        upload_id TEXT PRIMARY KEY,
        video_id TEXT NOT NULL,
        revision BIGINT NOT NULL DEFAULT 1,
        begun BIGINT NOT NULL DEFAULT 1,
        owner TEXT NOT NULL,
        file_name TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        fingerprint TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        publish_policy BIGINT NOT NULL,
        part_size_bytes BIGINT NOT NULL,
        parallel_parts BIGINT NOT NULL,
        state TEXT NOT NULL,
        multipart_id TEXT NOT NULL,
        created_at_ms BIGINT NOT NULL,
        touched_at_ms BIGINT NOT NULL,
        traceparent TEXT NOT NULL DEFAULT '',
        told_bytes BIGINT NOT NULL DEFAULT 0,
        told BIGINT NOT NULL DEFAULT 0,
        swept_at_ms BIGINT NOT NULL DEFAULT 0,
        visibility BIGINT NOT NULL DEFAULT 0
    );
    INSERT INTO ingress_upload_new (upload_id, video_id, owner, file_name, size_bytes, fingerprint,
            title, description, publish_policy, part_size_bytes, parallel_parts, state, multipart_id,
            created_at_ms, touched_at_ms, traceparent, told_bytes, told, swept_at_ms, visibility)
        SELECT upload_id, video_id, owner, file_name, size_bytes, fingerprint,
            title, description, publish_policy, part_size_bytes, parallel_parts, state, multipart_id,
            created_at_ms, touched_at_ms, traceparent, told_bytes, told, swept_at_ms, visibility
        FROM ingress_upload;
    CREATE TABLE ingress_part_new (
        upload_id TEXT NOT NULL REFERENCES ingress_upload_new (upload_id) ON DELETE CASCADE,
        number BIGINT NOT NULL,
        size_bytes BIGINT NOT NULL,
        crc32c TEXT NOT NULL,
        PRIMARY KEY (upload_id, number)
    );
    INSERT INTO ingress_part_new (upload_id, number, size_bytes, crc32c)
        SELECT upload_id, number, size_bytes, crc32c FROM ingress_part;
    DROP TABLE ingress_part;
    DROP TABLE ingress_upload;
    ALTER TABLE ingress_upload_new RENAME TO ingress_upload;
    ALTER TABLE ingress_part_new RENAME TO ingress_part;
    CREATE UNIQUE INDEX ingress_upload_revision ON ingress_upload (video_id, revision);
    CREATE UNIQUE INDEX ingress_upload_unfinished ON ingress_upload
        (owner, fingerprint, size_bytes, (CASE WHEN revision > 1 THEN video_id ELSE '' END))
        WHERE state IN ('opening', 'open', 'completing');
    CREATE INDEX ingress_upload_state ON ingress_upload (state, touched_at_ms);
    CREATE INDEX ingress_upload_unswept ON ingress_upload (touched_at_ms)
        WHERE swept_at_ms < touched_at_ms",
    ),
    // NULL: as much as fits.
    Migration::new(
        7,
        "CREATE TABLE ingress_quota (
        owner TEXT PRIMARY KEY,
        storage_bytes BIGINT,
        daily_bytes BIGINT,
        film_s BIGINT
    );
    CREATE INDEX ingress_upload_owner ON ingress_upload (owner, created_at_ms)",
    ),
];

/// Upload records.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    db: Db,
}

impl Store {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Runs `work` in a transaction: see [`Db::write`].
    pub(crate) async fn write<T, E: WriteError, F: Future<Output = Result<T, E>>>(
        &self,
        work: impl FnMut(Tx) -> F,
    ) -> Result<T, E> {
        self.db.write(work).await
    }

    /// The upload, if it exists and is `owner`'s.
    pub(crate) async fn get(
        &self,
        id: &UploadId,
        owner: &OwnerId,
    ) -> Result<Option<Upload>, DbError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload WHERE upload_id = $1 AND owner = $2"
        )))
        .bind(id.as_str())
        .bind(owner.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.as_ref().map(upload_of).transpose()?)
    }

    /// All uploads of `video`, oldest revision first.
    pub(crate) async fn of_video(&self, video: &VideoId) -> Result<Vec<Upload>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload WHERE video_id = $1 ORDER BY revision"
        )))
        .bind(video.as_str())
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(upload_of).collect::<Result<_, _>>()?)
    }

    /// The owner's unfinished upload of the same file for the same purpose: a new video, or in the
    /// place of what `replaces` is.
    pub(crate) async fn resumable(
        &self,
        owner: &OwnerId,
        fingerprint: &str,
        size: u64,
        replaces: Option<&VideoId>,
    ) -> Result<Option<Upload>, DbError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload
             WHERE owner = $1 AND fingerprint = $2 AND size_bytes = $3
               AND CASE WHEN revision > 1 THEN video_id ELSE '' END = $4
               AND state IN ('opening', 'open', 'completing')"
        )))
        .bind(owner.as_str())
        .bind(fingerprint)
        .bind(size.cast_signed())
        .bind(replaces.map_or("", VideoId::as_str))
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.as_ref().map(upload_of).transpose()?)
    }

    /// The owner's unfinished uploads, newest first.
    pub(crate) async fn unfinished(
        &self,
        owner: &OwnerId,
        limit: i64,
    ) -> Result<Vec<Upload>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload
             WHERE owner = $1 AND state IN ('open', 'completing')
             ORDER BY created_at_ms DESC, upload_id LIMIT $2"
        )))
        .bind(owner.as_str())
        .bind(limit)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(upload_of).collect::<Result<_, _>>()?)
    }

    /// Uploads in `state` that were not touched after `since_ms`.
    pub(crate) async fn untouched(
        &self,
        state: &'static str,
        since_ms: i64,
    ) -> Result<Vec<Upload>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload
             WHERE state = $1 AND touched_at_ms <= $2 ORDER BY touched_at_ms LIMIT 500"
        )))
        .bind(state)
        .bind(since_ms)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(upload_of).collect::<Result<_, _>>()?)
    }

    /// Open uploads that were touched after `since_ms`.
    pub(crate) async fn active(&self, since_ms: i64) -> Result<Vec<Upload>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload
             WHERE state = 'open' AND touched_at_ms > $1 ORDER BY touched_at_ms LIMIT 500"
        )))
        .bind(since_ms)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(upload_of).collect::<Result<_, _>>()?)
    }

    /// Uploads that nobody has touched after `since_ms`, and for whose key the store was not asked
    /// about open multiparts since they were.
    pub(crate) async fn unswept(&self, since_ms: i64) -> Result<Vec<Upload>, DbError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM ingress_upload
             WHERE swept_at_ms < touched_at_ms AND touched_at_ms <= $1
             ORDER BY touched_at_ms LIMIT 500"
        )))
        .bind(since_ms)
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.iter().map(upload_of).collect::<Result<_, _>>()?)
    }

    /// Notes that the store had no multipart of the upload's key at `now_ms` but its own.
    pub(crate) async fn note_swept(&self, id: &UploadId, now_ms: i64) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query("UPDATE ingress_upload SET swept_at_ms = $1 WHERE upload_id = $2")
                    .bind(now_ms)
                    .bind(id.as_str())
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            })
            .await
    }

    /// The parts that were announced.
    pub(crate) async fn parts(&self, id: &UploadId) -> Result<Vec<KnownPart>, DbError> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT number, size_bytes, crc32c FROM ingress_part WHERE upload_id = $1
             ORDER BY number",
        )
        .bind(id.as_str())
        .fetch_all(self.db.reader())
        .await?;
        let part = |(number, size, crc32c): (i64, i64, String)| {
            Some(KnownPart {
                number: u32::try_from(number).ok()?,
                size: size.cast_unsigned(),
                crc32c,
            })
        };
        Ok(rows.into_iter().filter_map(part).collect())
    }

    /// Forgets uploads of which nothing is stored since `since_ms`.
    pub(crate) async fn forget_gone(&self, since_ms: i64) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query(
                    "DELETE FROM ingress_upload
                 WHERE state IN ('abandoned', 'discarded') AND touched_at_ms <= $1
                   AND swept_at_ms >= touched_at_ms",
                )
                .bind(since_ms)
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }
}

/// Adds a record. [`DbError::Conflict`] when the same file is being uploaded already.
pub(crate) async fn insert(
    conn: &mut AnyConnection,
    upload: &Upload,
    clock: &dyn Clock,
) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO ingress_upload (upload_id, video_id, owner, file_name, size_bytes, fingerprint,
            title, description, publish_policy, part_size_bytes, parallel_parts, state,
            multipart_id, created_at_ms, touched_at_ms, traceparent, visibility, revision, begun)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13, $14, $15, $16, $17, $17)",
    )
    .bind(upload.id.as_str())
    .bind(upload.video.as_str())
    .bind(upload.owner.as_str())
    .bind(&upload.file_name)
    .bind(upload.size.cast_signed())
    .bind(&upload.fingerprint)
    .bind(&upload.names.title)
    .bind(&upload.names.description)
    .bind(i64::from(i32::from(upload.policy)))
    .bind(upload.plan.part_size().cast_signed())
    .bind(upload.plan.parallel().cast_signed())
    .bind(upload.state.name())
    .bind(upload.created_at_ms)
    .bind(clock.now_ms())
    .bind(&upload.traceparent)
    .bind(i64::from(i32::from(upload.visibility)))
    .bind(i64::from(upload.revision))
    .execute(conn)
    .await?;
    Ok(())
}

/// Records parts as announced, replacing what was announced before under the same numbers.
pub(crate) async fn put_parts(
    conn: &mut AnyConnection,
    id: &UploadId,
    parts: &[KnownPart],
) -> Result<(), DbError> {
    for part in parts {
        sqlx::query(
            "INSERT INTO ingress_part (upload_id, number, size_bytes, crc32c)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (upload_id, number)
             DO UPDATE SET size_bytes = excluded.size_bytes, crc32c = excluded.crc32c",
        )
        .bind(id.as_str())
        .bind(i64::from(part.number))
        .bind(part.size.cast_signed())
        .bind(&part.crc32c)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Notes that `bytes` of an open upload are stored. The number of this news, if it is any.
pub(crate) async fn note_stored(
    conn: &mut AnyConnection,
    upload: &Upload,
    bytes: u64,
) -> Result<Option<u32>, DbError> {
    let told: Option<i64> = sqlx::query_scalar(
        "UPDATE ingress_upload SET told_bytes = $1, told = told + 1
         WHERE upload_id = $2 AND state = 'open' AND told_bytes <> $1 RETURNING told",
    )
    .bind(bytes.cast_signed())
    .bind(upload.id.as_str())
    .fetch_optional(conn)
    .await?;
    Ok(told.and_then(|told| u32::try_from(told).ok()))
}

/// Forgets the announced parts of an upload.
pub(crate) async fn drop_parts(conn: &mut AnyConnection, id: &UploadId) -> Result<(), DbError> {
    sqlx::query("DELETE FROM ingress_part WHERE upload_id = $1")
        .bind(id.as_str())
        .execute(conn)
        .await?;
    Ok(())
}
