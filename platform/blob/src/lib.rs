//! Objects in any S3, as services see them.
//!
//! Services hold an `Arc<dyn Blobs>`. [`S3Blobs`] talks to any S3, the embedded one included;
//! [`Retrying`] adds patience to any implementation. Every implementation passes the same
//! conformance suite (`testkit::conformance::blob`).

mod checksum;
mod config;
mod error;
mod retry;
mod s3;
mod types;

use std::{fmt::Debug, ops::Range, path::PathBuf, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

pub use self::{
    checksum::crc32c_base64,
    config::S3Config,
    error::{BlobError, BlobErrorKind},
    retry::Retrying,
    s3::{LocalFiles, S3Blobs},
    types::{
        BlobStream, Head, ListPage, Listed, MultipartId, OpenMultipart, Part, PartToSign,
        PresignedRequest, PutOptions,
    },
};

/// One bucket of an object store.
///
/// Keys are any UTF-8 up to 1024 bytes and never paths. What was acknowledged is durable, and what
/// failed is not visible.
#[async_trait]
pub trait Blobs: Debug + Send + Sync {
    /// Makes sure that the bucket exists.
    async fn ensure_bucket(&self) -> Result<(), BlobError>;

    /// Stores an object whole; replaces it unless `options` say otherwise.
    async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        options: PutOptions,
    ) -> Result<Head, BlobError>;

    /// Reads an object whole into memory: for small ones.
    async fn get(&self, key: &str) -> Result<Bytes, BlobError>;

    /// Reads some bytes. The end is cut to the object's; a start at or behind the end is `Invalid`.
    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError>;

    /// Reads an object piece by piece.
    async fn get_stream(&self, key: &str) -> Result<BlobStream, BlobError>;

    /// Says what an object is without reading it.
    async fn head(&self, key: &str) -> Result<Head, BlobError>;

    /// Removes an object; one that does not exist is no error.
    async fn delete(&self, key: &str) -> Result<(), BlobError>;

    /// Removes any number of objects; those that do not exist are no error.
    async fn delete_many(&self, keys: &[String]) -> Result<(), BlobError>;

    /// Up to 1000 objects whose keys start with `prefix`, after `cursor`.
    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<ListPage, BlobError>;

    /// Opens an upload in parts. Each part carries a CRC-32C.
    async fn create_multipart(
        &self,
        key: &str,
        content_type: &str,
    ) -> Result<MultipartId, BlobError>;

    /// Signs the upload of one part for a client which reaches the store at `endpoint`.
    async fn presign_part(
        &self,
        part: PartToSign<'_>,
        endpoint: &Url,
        ttl: Duration,
    ) -> Result<PresignedRequest, BlobError>;

    /// All parts that are stored, by number.
    async fn list_parts(&self, key: &str, id: &MultipartId) -> Result<Vec<Part>, BlobError>;

    /// Makes the object out of these parts, whose numbers rise. All but the last are 5 MiB or more.
    async fn complete_multipart(
        &self,
        key: &str,
        id: &MultipartId,
        parts: &[Part],
    ) -> Result<Head, BlobError>;

    /// Ends an upload and frees its parts; one that does not exist is no error.
    async fn abort_multipart(&self, key: &str, id: &MultipartId) -> Result<(), BlobError>;

    /// All open uploads whose keys start with `prefix`. Some stores, MinIO among them, list none but
    /// those of one object: services give a whole key.
    async fn list_multiparts(&self, prefix: &str) -> Result<Vec<OpenMultipart>, BlobError>;

    /// Signs reading one object for a client which reaches the store at `endpoint`.
    async fn presign_get(
        &self,
        key: &str,
        endpoint: &Url,
        ttl: Duration,
    ) -> Result<PresignedRequest, BlobError>;

    /// The file that holds the object, where the store lies on this machine: to be read only, and
    /// gone once the object is. `None` where there is no such file, as with any remote S3.
    async fn local_path(&self, key: &str) -> Result<Option<PathBuf>, BlobError>;
}
