//! What can be done to the index, each within the writer's transaction.

use sqlx::SqliteConnection;

use super::rows::{self, ObjectRow, PartRow, UploadRow, number, to_json};
use crate::{blob_id::BlobId, error::StoreError, files::Draft, slots::SlotClaim};

/// What must hold of the object there is for a new one to take its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    None,
    Absent,
    Present,
    Matches(String),
}

#[derive(Debug)]
pub(crate) struct PutObject {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) row: ObjectRow,
    pub(crate) condition: Condition,
    pub(crate) draft: Draft,
}

#[derive(Debug)]
pub(crate) struct Delete {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) condition: Condition,
}

#[derive(Debug)]
pub(crate) struct CreateUpload {
    pub(crate) row: UploadRow,
}

#[derive(Debug)]
pub(crate) struct PutPart {
    pub(crate) upload: String,
    pub(crate) row: PartRow,
    pub(crate) place: PartPlace,
}

/// Where the part lies; held until the index knows it.
#[derive(Debug)]
pub(crate) enum PartPlace {
    Slot(SlotClaim),
    Own(Draft),
}

#[derive(Debug)]
pub(crate) struct Complete {
    pub(crate) upload: UploadRow,
    /// All parts as they were when the object was put together.
    pub(crate) parts: Vec<(i32, String)>,
    pub(crate) row: ObjectRow,
    pub(crate) condition: Condition,
    /// The assembled file; without one, the upload's own becomes the object's.
    pub(crate) draft: Option<Draft>,
}

#[derive(Debug)]
pub(crate) enum Change {
    CreateBucket {
        name: String,
        now_ms: i64,
    },
    DeleteBucket {
        name: String,
    },
    PutObject(Box<PutObject>),
    Delete(Delete),
    CreateUpload(Box<CreateUpload>),
    PutPart(Box<PutPart>),
    Complete(Box<Complete>),
    Abort {
        bucket: String,
        key: String,
        upload: String,
    },
}

/// A change that holds once its transaction is committed.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// Files that nothing refers to any more.
    pub(crate) freed: Vec<BlobId>,
    /// Whether there was something to do.
    pub(crate) existed: bool,
}

/// A refusal changes nothing; an error may have changed something and ends the transaction.
pub(super) type Verdict = Result<Result<Applied, StoreError>, sqlx::Error>;

impl Change {
    pub(super) async fn apply(&self, db: &mut SqliteConnection) -> Verdict {
        match self {
            Self::CreateBucket { name, now_ms } => create_bucket(db, name, *now_ms).await,
            Self::DeleteBucket { name } => delete_bucket(db, name).await,
            Self::PutObject(put) => {
                put_object(db, &put.bucket, &put.key, &put.row, &put.condition).await
            }
            Self::Delete(delete) => delete_object(db, delete).await,
            Self::CreateUpload(create) => create_upload(db, &create.row).await,
            Self::PutPart(put) => put_part(db, put).await,
            Self::Complete(complete) => complete.apply(db).await,
            Self::Abort {
                bucket,
                key,
                upload,
            } => abort(db, bucket, key, upload).await,
        }
    }

    /// The new file that the index now refers to.
    pub(super) fn into_draft(self) -> Option<Draft> {
        match self {
            Self::PutObject(put) => Some(put.draft),
            Self::PutPart(put) => match put.place {
                PartPlace::Own(draft) => Some(draft),
                PartPlace::Slot(_) => None,
            },
            Self::Complete(complete) => complete.draft,
            _ => None,
        }
    }
}

async fn create_bucket(db: &mut SqliteConnection, name: &str, now_ms: i64) -> Verdict {
    let made = sqlx::query("INSERT OR IGNORE INTO buckets (name, created_ms) VALUES ($1, $2)")
        .bind(name)
        .bind(now_ms)
        .execute(db)
        .await?;
    Ok(Ok(Applied {
        existed: made.rows_affected() == 0,
        ..Applied::default()
    }))
}

async fn delete_bucket(db: &mut SqliteConnection, name: &str) -> Verdict {
    let used: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = $1)
             OR EXISTS (SELECT 1 FROM uploads WHERE bucket = $1)",
    )
    .bind(name)
    .fetch_one(&mut *db)
    .await?;
    if used {
        return Ok(Err(StoreError::BucketNotEmpty));
    }
    let gone = sqlx::query("DELETE FROM buckets WHERE name = $1")
        .bind(name)
        .execute(db)
        .await?;
    if gone.rows_affected() == 0 {
        Ok(Err(StoreError::NoSuchBucket))
    } else {
        Ok(Ok(Applied::default()))
    }
}

async fn bucket_exists(db: &mut SqliteConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM buckets WHERE name = $1)")
        .bind(name)
        .fetch_one(db)
        .await
}

async fn current(
    db: &mut SqliteConnection,
    bucket: &str,
    key: &str,
) -> Result<Option<(BlobId, String)>, sqlx::Error> {
    let row: Option<(String, String)> =
        sqlx::query_as("SELECT blob, etag FROM objects WHERE bucket = $1 AND key = $2")
            .bind(bucket)
            .bind(key.as_bytes())
            .fetch_optional(db)
            .await?;
    row.map(|(blob, etag)| Ok((rows::blob(&blob)?, etag)))
        .transpose()
}

impl Condition {
    fn refusal(&self, current: Option<&str>) -> Option<StoreError> {
        match (self, current) {
            (Self::None, _) | (Self::Absent, None) | (Self::Present, Some(_)) => None,
            (Self::Present | Self::Matches(_), None) => Some(StoreError::NoSuchKey),
            (Self::Matches(wanted), Some(etag)) if wanted == etag => None,
            (Self::Absent | Self::Matches(_), Some(_)) => Some(StoreError::PreconditionFailed),
        }
    }
}

async fn put_object(
    db: &mut SqliteConnection,
    bucket: &str,
    key: &str,
    row: &ObjectRow,
    condition: &Condition,
) -> Verdict {
    if !bucket_exists(db, bucket).await? {
        return Ok(Err(StoreError::NoSuchBucket));
    }
    let current = current(db, bucket, key).await?;
    if let Some(reason) = condition.refusal(current.as_ref().map(|(_, etag)| etag.as_str())) {
        return Ok(Err(reason));
    }
    sqlx::query(
        "INSERT OR REPLACE INTO objects
             (bucket, key, blob, size, etag, modified_ms, sum_algorithm, sum_kind, sum, headers, upload)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(bucket)
    .bind(key.as_bytes())
    .bind(row.blob.to_string())
    .bind(number(row.size)?)
    .bind(&row.etag)
    .bind(row.modified_ms)
    .bind(row.sum_algorithm.name())
    .bind(row.sum_kind.name())
    .bind(&row.sum)
    .bind(to_json(&row.headers)?)
    .bind(&row.upload)
    .execute(&mut *db)
    .await?;
    let freed = current.map(|(blob, _)| blob).into_iter().collect();
    free(db, freed).await
}

async fn delete_object(db: &mut SqliteConnection, delete: &Delete) -> Verdict {
    if !bucket_exists(db, &delete.bucket).await? {
        return Ok(Err(StoreError::NoSuchBucket));
    }
    let current = current(db, &delete.bucket, &delete.key).await?;
    let etag = current.as_ref().map(|(_, etag)| etag.as_str());
    if let Some(reason) = delete.condition.refusal(etag) {
        return Ok(Err(reason));
    }
    let Some((blob, _)) = current else {
        return Ok(Ok(Applied::default()));
    };
    sqlx::query("DELETE FROM objects WHERE bucket = $1 AND key = $2")
        .bind(&delete.bucket)
        .bind(delete.key.as_bytes())
        .execute(&mut *db)
        .await?;
    free(db, vec![blob]).await
}

async fn create_upload(db: &mut SqliteConnection, row: &UploadRow) -> Verdict {
    if !bucket_exists(db, &row.bucket).await? {
        return Ok(Err(StoreError::NoSuchBucket));
    }
    sqlx::query(
        "INSERT INTO uploads
             (id, bucket, key, created_ms, slots_blob, sum_algorithm, sum_kind, headers)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.id)
    .bind(&row.bucket)
    .bind(row.key.as_bytes())
    .bind(row.created_ms)
    .bind(row.slots_blob.to_string())
    .bind(row.sum_algorithm.name())
    .bind(row.sum_kind.name())
    .bind(to_json(&row.headers)?)
    .execute(db)
    .await?;
    Ok(Ok(Applied::default()))
}

async fn put_part(db: &mut SqliteConnection, put: &PutPart) -> Verdict {
    let open: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM uploads WHERE id = $1)")
        .bind(&put.upload)
        .fetch_one(&mut *db)
        .await?;
    if !open {
        return Ok(Err(StoreError::NoSuchUpload));
    }
    let old: Option<Option<String>> =
        sqlx::query_scalar("SELECT blob FROM parts WHERE upload = $1 AND number = $2")
            .bind(&put.upload)
            .bind(put.row.number)
            .fetch_optional(&mut *db)
            .await?;
    if let PartPlace::Slot(claim) = &put.place {
        sqlx::query("UPDATE uploads SET slot_size = $1 WHERE id = $2 AND slot_size IS NULL")
            .bind(number(claim.slot_size)?)
            .bind(&put.upload)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query(
        "INSERT OR REPLACE INTO parts (upload, number, blob, size, etag, modified_ms, sums)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&put.upload)
    .bind(put.row.number)
    .bind(put.row.blob.map(|blob| blob.to_string()))
    .bind(number(put.row.size)?)
    .bind(&put.row.etag)
    .bind(put.row.modified_ms)
    .bind(to_json(&put.row.sums)?)
    .execute(&mut *db)
    .await?;
    let freed = old
        .flatten()
        .iter()
        .map(|blob| rows::blob(blob))
        .collect::<Result<_, _>>()?;
    free(db, freed).await
}

impl Complete {
    async fn apply(&self, db: &mut SqliteConnection) -> Verdict {
        let Some(Held { mut files, parts }) = held(db, &self.upload.id).await? else {
            return Ok(Err(StoreError::NoSuchUpload));
        };
        if parts != self.parts {
            return Ok(Err(StoreError::Contended));
        }
        let blob = self.row.blob;
        let UploadRow { bucket, key, .. } = &self.upload;
        // A refusal must leave the upload as it was, so the condition comes before any change.
        let put = match put_object(db, bucket, key, &self.row, &self.condition).await? {
            Ok(put) => put,
            Err(reason) => return Ok(Err(reason)),
        };
        delete_upload(db, &self.upload.id).await?;
        files.retain(|file| *file != blob);
        let mut applied = match free(db, files).await? {
            Ok(applied) => applied,
            Err(reason) => return Ok(Err(reason)),
        };
        applied.freed.extend(put.freed);
        Ok(Ok(applied))
    }
}

async fn abort(db: &mut SqliteConnection, bucket: &str, key: &str, upload: &str) -> Verdict {
    let ours: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM uploads WHERE id = $1 AND bucket = $2 AND key = $3)",
    )
    .bind(upload)
    .bind(bucket)
    .bind(key.as_bytes())
    .fetch_one(&mut *db)
    .await?;
    if !ours {
        return Ok(Err(StoreError::NoSuchUpload));
    }
    let files = held(db, upload)
        .await?
        .map(|held| held.files)
        .unwrap_or_default();
    delete_upload(db, upload).await?;
    free(db, files).await
}

/// What the index holds of an upload.
struct Held {
    files: Vec<BlobId>,
    parts: Vec<(i32, String)>,
}

async fn held(db: &mut SqliteConnection, upload: &str) -> Result<Option<Held>, sqlx::Error> {
    let slots: Option<String> = sqlx::query_scalar("SELECT slots_blob FROM uploads WHERE id = $1")
        .bind(upload)
        .fetch_optional(&mut *db)
        .await?;
    let Some(slots) = slots else {
        return Ok(None);
    };
    let found: Vec<(i32, String, Option<String>)> =
        sqlx::query_as("SELECT number, etag, blob FROM parts WHERE upload = $1 ORDER BY number")
            .bind(upload)
            .fetch_all(&mut *db)
            .await?;
    let mut held = Held {
        files: vec![rows::blob(&slots)?],
        parts: Vec::new(),
    };
    for (number, etag, blob) in found {
        held.files
            .extend(blob.as_deref().map(rows::blob).transpose()?);
        held.parts.push((number, etag));
    }
    Ok(Some(held))
}

async fn delete_upload(db: &mut SqliteConnection, upload: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM parts WHERE upload = $1")
        .bind(upload)
        .execute(&mut *db)
        .await?;
    sqlx::query("DELETE FROM uploads WHERE id = $1")
        .bind(upload)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes files to be removed, so that a crash does not forget them.
async fn free(db: &mut SqliteConnection, freed: Vec<BlobId>) -> Verdict {
    for blob in &freed {
        sqlx::query("INSERT OR IGNORE INTO garbage (blob) VALUES ($1)")
            .bind(blob.to_string())
            .execute(&mut *db)
            .await?;
    }
    Ok(Ok(Applied {
        freed,
        existed: true,
    }))
}
