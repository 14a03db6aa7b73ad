use sqlx::Row;

use super::{
    Index,
    rows::{self, ObjectRow, PartRow, UploadRow},
};
use crate::{blob_id::BlobId, error::StoreError};

/// A page of a listing.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    /// Where the next page begins.
    pub(crate) next: Option<Start>,
}

/// An object, or all those whose keys share a prefix up to the delimiter.
#[derive(Debug)]
pub(crate) enum Entry {
    Object(String, Box<ObjectRow>),
    Prefix(String),
}

/// Where in the order of keys a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    After(Vec<u8>),
    Behind(Vec<u8>),
}

impl Start {
    /// The smallest key, as bytes, that a page may have.
    fn lower_bound(&self) -> Option<Vec<u8>> {
        match self {
            // The next string in bytewise order.
            Self::After(key) => Some([key.as_slice(), b"\0"].concat()),
            Self::Behind(prefix) => behind(prefix),
        }
    }
}

/// The first byte string that is greater than all that start with `prefix`.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut bound = prefix.to_vec();
    while let Some(last) = bound.pop() {
        if let Some(next) = last.checked_add(1) {
            bound.push(next);
            return Some(bound);
        }
    }
    None
}

impl Index {
    pub(crate) async fn bucket_exists(&self, name: &str) -> Result<bool, StoreError> {
        Ok(
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM buckets WHERE name = $1)")
                .bind(name)
                .fetch_one(&self.pool)
                .await?,
        )
    }

    pub(crate) async fn buckets(&self) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(
            sqlx::query_as("SELECT name, created_ms FROM buckets ORDER BY name")
                .fetch_all(&self.pool)
                .await?,
        )
    }

    pub(crate) async fn object(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<ObjectRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM objects WHERE bucket = $1 AND key = $2")
            .bind(bucket)
            .bind(key.as_bytes())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(ObjectRow::read).transpose()?)
    }

    pub(crate) async fn upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
    ) -> Result<Option<UploadRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM uploads WHERE id = $1 AND bucket = $2 AND key = $3")
            .bind(id)
            .bind(bucket)
            .bind(key.as_bytes())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(UploadRow::read).transpose()?)
    }

    /// Parts of an upload by number, `after` one, at most `limit`.
    pub(crate) async fn parts(
        &self,
        upload: &str,
        after: i32,
        limit: i64,
    ) -> Result<Vec<PartRow>, StoreError> {
        let found = sqlx::query(
            "SELECT * FROM parts WHERE upload = $1 AND number > $2 ORDER BY number LIMIT $3",
        )
        .bind(upload)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(found.iter().map(PartRow::read).collect::<Result<_, _>>()?)
    }

    /// Open uploads by key and id, after a key and one of its ids.
    pub(crate) async fn uploads(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<(&str, Option<&str>)>,
        limit: i64,
    ) -> Result<Vec<UploadRow>, StoreError> {
        let (key, id) = after.unwrap_or_default();
        // A key without an id means: after all of its uploads; every id is smaller than "~".
        let id = id.unwrap_or(if after.is_some() { "~" } else { "" });
        let found = sqlx::query(
            "SELECT * FROM uploads
             WHERE bucket = $1 AND (key, id) > ($2, $3)
               AND key >= $4 AND ($5 IS NULL OR key < $5)
             ORDER BY key, id LIMIT $6",
        )
        .bind(bucket)
        .bind(key.as_bytes())
        .bind(id)
        .bind(prefix.as_bytes())
        .bind(behind(prefix.as_bytes()))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(found
            .iter()
            .map(UploadRow::read)
            .collect::<Result<_, _>>()?)
    }

    /// Objects in the order of their keys. Every step is a search in the index, so a page costs
    /// the same however many objects there are.
    pub(crate) async fn list(
        &self,
        bucket: &str,
        prefix: &str,
        delimiter: Option<&str>,
        start: Option<&Start>,
        limit: usize,
    ) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        let upper = behind(prefix.as_bytes());
        let mut lower = prefix.as_bytes().to_vec();
        if let Some(start) = start {
            match start.lower_bound() {
                Some(bound) => lower = lower.max(bound),
                None => return Ok(listing),
            }
        }
        loop {
            // With a delimiter most rows may be skipped, so that few are read at a time.
            let room = limit - listing.entries.len() + 1;
            let wanted = if delimiter.is_some() {
                room.min(64)
            } else {
                room
            };
            let found = self.rows(bucket, &lower, upper.as_deref(), wanted).await?;
            let exhausted = found.len() < wanted;
            let mut skip = None;
            for (key, row) in found {
                if listing.entries.len() == limit {
                    listing.next = listing.entries.last().map(Entry::end);
                    return Ok(listing);
                }
                if let Some(shared) = shared_prefix(&key, prefix, delimiter) {
                    skip = Some(shared.as_bytes().to_vec());
                    listing.entries.push(Entry::Prefix(shared));
                    break;
                }
                lower = [key.as_bytes(), b"\0"].concat();
                listing.entries.push(Entry::Object(key, Box::new(row)));
            }
            match skip.map(|shared| behind(&shared)) {
                Some(Some(bound)) => lower = bound,
                Some(None) => return Ok(listing),
                None if exhausted => return Ok(listing),
                None => {}
            }
        }
    }

    async fn rows(
        &self,
        bucket: &str,
        lower: &[u8],
        upper: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(String, ObjectRow)>, StoreError> {
        let found = sqlx::query(
            "SELECT * FROM objects
             WHERE bucket = $1 AND key >= $2 AND ($3 IS NULL OR key < $3)
             ORDER BY key LIMIT $4",
        )
        .bind(bucket)
        .bind(lower)
        .bind(upper)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let pairs = found.iter().map(|row| {
            Ok::<_, sqlx::Error>((rows::key(row.try_get("key")?)?, ObjectRow::read(row)?))
        });
        Ok(pairs.collect::<Result<_, _>>()?)
    }

    /// Files that nothing refers to and that may still be there.
    pub(crate) async fn garbage(&self) -> Result<Vec<BlobId>, StoreError> {
        let found: Vec<String> = sqlx::query_scalar("SELECT blob FROM garbage")
            .fetch_all(&self.pool)
            .await?;
        Ok(found
            .iter()
            .map(|blob| rows::blob(blob))
            .collect::<Result<_, _>>()?)
    }

    /// All those files have been removed.
    pub(crate) async fn forget_garbage(&self) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM garbage")
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Whether an object or a part lies in this file.
    pub(crate) async fn refers_to(&self, blob: BlobId) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM objects WHERE blob = $1)
                 OR EXISTS (SELECT 1 FROM parts WHERE blob = $1)",
        )
        .bind(blob.to_string())
        .fetch_one(&self.pool)
        .await?)
    }
}

impl Entry {
    fn end(&self) -> Start {
        match self {
            Self::Object(key, _) => Start::After(key.as_bytes().to_vec()),
            Self::Prefix(prefix) => Start::Behind(prefix.as_bytes().to_vec()),
        }
    }
}

fn shared_prefix(key: &str, prefix: &str, delimiter: Option<&str>) -> Option<String> {
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let (first, _) = key.strip_prefix(prefix)?.split_once(delimiter)?;
    Some([prefix, first, delimiter].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_follow_the_order_of_bytes() {
        assert_eq!(behind(b"a"), Some(b"b".to_vec()));
        assert_eq!(behind(b"a\xff"), Some(b"b".to_vec()));
        assert_eq!(behind(b"\xff\xff"), None);
        assert_eq!(behind(b""), None);
    }

    #[test]
    fn keys_share_what_comes_before_the_delimiter() {
        assert_eq!(
            shared_prefix("a/b/c", "a/", Some("/")).as_deref(),
            Some("a/b/")
        );
        assert_eq!(shared_prefix("a/b", "a/", Some("/")), None);
        assert_eq!(shared_prefix("a/b/c", "a/", None), None);
    }
}
