//! The uploads of one video, of which each replaces those before.

use platform_db::DbError;
use schemas::{OwnerId, VideoId};
use sqlx::AnyConnection;

use super::row::{COLUMNS, upload_of};
use crate::domain::Upload;

/// The newest whole file of `owner`'s `video`, and the revision that the next one becomes. Nobody
/// gets that number again, whatever comes of it.
pub(crate) async fn replaced(
    conn: &mut AnyConnection,
    video: &VideoId,
    owner: &OwnerId,
) -> Result<Option<(Upload, u32)>, DbError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM ingress_upload
         WHERE video_id = $1 AND owner = $2 AND state = 'complete'
         ORDER BY revision DESC LIMIT 1"
    )))
    .bind(video.as_str())
    .bind(owner.as_str())
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let next: i64 =
        sqlx::query_scalar("SELECT max(begun) + 1 FROM ingress_upload WHERE video_id = $1")
            .bind(video.as_str())
            .fetch_one(&mut *conn)
            .await?;
    sqlx::query("UPDATE ingress_upload SET begun = $1 WHERE video_id = $2")
        .bind(next)
        .bind(video.as_str())
        .execute(conn)
        .await?;
    let next = u32::try_from(next).map_err(|error| sqlx::Error::ColumnDecode {
        index: "begun".to_owned(),
        source: Box::new(error),
    })?;
    Ok(Some((upload_of(&row)?, next)))
}

/// What is stored of `video` is to go, whatever its state: from then on nothing replaces it.
pub(crate) async fn discard_film(
    conn: &mut AnyConnection,
    video: &VideoId,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE ingress_upload SET state = 'discarding', touched_at_ms = $1
         WHERE video_id = $2 AND state NOT IN ('discarding', 'discarded')",
    )
    .bind(now_ms)
    .bind(video.as_str())
    .execute(conn)
    .await?;
    Ok(())
}

/// What is stored of revisions of `video` before `revision` is to go.
pub(crate) async fn discard_older(
    conn: &mut AnyConnection,
    video: &VideoId,
    revision: u32,
    now_ms: i64,
) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE ingress_upload SET state = 'discarding', touched_at_ms = $1
         WHERE video_id = $2 AND revision < $3
           AND state NOT IN ('abandoned', 'discarding', 'discarded')",
    )
    .bind(now_ms)
    .bind(video.as_str())
    .bind(i64::from(revision))
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether nothing is stored of any upload of `video`.
pub(crate) async fn is_all_gone(
    conn: &mut AnyConnection,
    video: &VideoId,
) -> Result<bool, DbError> {
    let left: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM ingress_upload
         WHERE video_id = $1 AND state NOT IN ('abandoned', 'discarded')",
    )
    .bind(video.as_str())
    .fetch_one(conn)
    .await?;
    Ok(left == 0)
}
