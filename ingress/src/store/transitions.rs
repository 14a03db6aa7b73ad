//! States move by compare-and-set: of all who try, one succeeds.

use platform_blob::MultipartId;
use platform_db::DbError;
use sqlx::AnyConnection;

use crate::domain::{State, Upload};

/// A move from the state that `upload` was read in, by the multipart id it was read with.
#[derive(Debug)]
pub(crate) struct Transition<'a> {
    /// The upload as it was read.
    pub(crate) upload: &'a Upload,
    /// Where it goes.
    pub(crate) to: State,
    /// The multipart upload it has from then on.
    pub(crate) multipart: Option<&'a MultipartId>,
    /// When.
    pub(crate) now_ms: i64,
    /// Only if nobody has touched the upload after this moment.
    pub(crate) untouched_since_ms: Option<i64>,
}

impl<'a> Transition<'a> {
    /// `upload` moves to `to` and is otherwise the same.
    pub(crate) fn new(upload: &'a Upload, to: State, now_ms: i64) -> Self {
        Self {
            upload,
            to,
            multipart: upload.multipart.as_ref(),
            now_ms,
            untouched_since_ms: None,
        }
    }

    /// Moves; false when somebody else has moved it before.
    pub(crate) async fn apply(&self, conn: &mut AnyConnection) -> Result<bool, DbError> {
        let id = |multipart: Option<&'a MultipartId>| multipart.map_or("", MultipartId::as_str);
        let moved = sqlx::query(
            "UPDATE ingress_upload SET state = $1, multipart_id = $2, touched_at_ms = $3
             WHERE upload_id = $4 AND state = $5 AND multipart_id = $6 AND touched_at_ms <= $7",
        )
        .bind(self.to.name())
        .bind(id(self.multipart))
        .bind(self.now_ms)
        .bind(self.upload.id.as_str())
        .bind(self.upload.state.name())
        .bind(id(self.upload.multipart.as_ref()))
        .bind(self.untouched_since_ms.unwrap_or(i64::MAX))
        .execute(conn)
        .await?;
        Ok(moved.rows_affected() == 1)
    }
}
