//! Objects in memory, for tests of services. Uploads in parts and presigned requests are not for
//! these tests: they take a real store.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use platform_blob::{
    BlobError, BlobErrorKind, BlobStream, Blobs, Head, ListPage, Listed, MultipartId,
    OpenMultipart, Part, PartToSign, PresignedRequest, PutOptions,
};
use url::Url;

#[derive(Debug, Clone)]
struct Object {
    body: Bytes,
    content_type: String,
    file: Option<PathBuf>,
}

impl Object {
    fn head(&self) -> Head {
        let checksum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, &self.body);
        Head {
            size: u64::try_from(self.body.len()).unwrap_or(u64::MAX),
            etag: format!("\"{checksum:08x}\""),
            content_type: Some(self.content_type.clone()),
            crc32c: None,
        }
    }
}

/// A bucket in memory, which counts what is read of it.
#[derive(Debug, Default)]
pub struct MemoryBlobs {
    objects: Mutex<BTreeMap<String, Object>>,
    read: AtomicU64,
}

impl MemoryBlobs {
    /// Stores what `file` holds, and tells of the file as a store on this machine would.
    pub fn put_local(&self, key: &str, file: &Path) -> std::io::Result<()> {
        let object = Object {
            body: std::fs::read(file)?.into(),
            content_type: String::new(),
            file: Some(file.to_owned()),
        };
        self.objects().insert(key.to_owned(), object);
        Ok(())
    }

    /// How many bytes of objects were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::SeqCst)
    }

    fn reading(&self, bytes: Bytes) -> Bytes {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.read.fetch_add(length, Ordering::SeqCst);
        bytes
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &str) -> Result<Object, BlobError> {
        let missing = || BlobError::new(BlobErrorKind::NotFound, format!("there is no {key}"));
        self.objects().get(key).cloned().ok_or_else(missing)
    }
}

fn unsupported<T>() -> Result<T, BlobError> {
    Err(BlobError::new(
        BlobErrorKind::Invalid,
        "the objects in memory have neither parts nor addresses: take a real store",
    ))
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn ensure_bucket(&self) -> Result<(), BlobError> {
        Ok(())
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        options: PutOptions,
    ) -> Result<Head, BlobError> {
        let mut objects = self.objects();
        if options.if_absent && objects.contains_key(key) {
            let message = format!("there is {key} already");
            return Err(BlobError::new(BlobErrorKind::AlreadyExists, message));
        }
        let object = Object {
            body,
            content_type: content_type.to_owned(),
            file: None,
        };
        let head = object.head();
        objects.insert(key.to_owned(), object);
        Ok(head)
    }

    async fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        Ok(self.reading(self.find(key)?.body))
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        let body = self.find(key)?.body;
        let limit = |n: u64| usize::try_from(n).map_or(body.len(), |n| n.min(body.len()));
        let (start, end) = (limit(range.start), limit(range.end));
        if start >= end {
            let message = format!("{key} is shorter");
            return Err(BlobError::new(BlobErrorKind::Invalid, message));
        }
        Ok(self.reading(body.slice(start..end)))
    }

    async fn get_stream(&self, key: &str) -> Result<BlobStream, BlobError> {
        let object = self.find(key)?;
        Ok(BlobStream {
            head: object.head(),
            bytes: stream::iter([Ok(self.reading(object.body))]).boxed(),
        })
    }

    async fn head(&self, key: &str) -> Result<Head, BlobError> {
        Ok(self.find(key)?.head())
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        self.objects().remove(key);
        Ok(())
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), BlobError> {
        self.objects().retain(|key, _| !keys.contains(key));
        Ok(())
    }

    async fn list(&self, prefix: &str, _cursor: Option<&str>) -> Result<ListPage, BlobError> {
        let objects = self.objects();
        let matching = objects.iter().filter(|(key, _)| key.starts_with(prefix));
        let listed = matching.map(|(key, object)| Listed {
            key: key.clone(),
            size: object.head().size,
            etag: object.head().etag,
        });
        Ok(ListPage {
            objects: listed.collect(),
            next: None,
        })
    }

    async fn create_multipart(&self, _: &str, _: &str) -> Result<MultipartId, BlobError> {
        unsupported()
    }

    async fn presign_part(
        &self,
        _: PartToSign<'_>,
        _: &Url,
        _: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        unsupported()
    }

    async fn list_parts(&self, _: &str, _: &MultipartId) -> Result<Vec<Part>, BlobError> {
        unsupported()
    }

    async fn complete_multipart(
        &self,
        _: &str,
        _: &MultipartId,
        _: &[Part],
    ) -> Result<Head, BlobError> {
        unsupported()
    }

    async fn abort_multipart(&self, _: &str, _: &MultipartId) -> Result<(), BlobError> {
        unsupported()
    }

    async fn list_multiparts(&self, _: &str) -> Result<Vec<OpenMultipart>, BlobError> {
        unsupported()
    }

    async fn presign_get(
        &self,
        _: &str,
        _: &Url,
        _: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        unsupported()
    }

    async fn local_path(&self, key: &str) -> Result<Option<PathBuf>, BlobError> {
        let objects = self.objects();
        Ok(objects.get(key).and_then(|object| object.file.clone()))
    }
}
