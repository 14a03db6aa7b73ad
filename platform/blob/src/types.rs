use std::fmt;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use url::Url;

use crate::BlobError;

/// Conditions of a put.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// Fail with `AlreadyExists` rather than replace an object.
    pub if_absent: bool,
}

impl PutOptions {
    /// First writer wins: everyone later gets `AlreadyExists`.
    pub const IF_ABSENT: Self = Self { if_absent: true };
}

/// What the store knows of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Bytes.
    pub size: u64,
    /// Changes when the content does; quoted, as the store gave it.
    pub etag: String,
    /// The media type it was put with.
    pub content_type: Option<String>,
    /// CRC-32C as base64 of four big-endian bytes, where the store keeps one. An object completed
    /// from parts has the checksum of their checksums, followed by `-` and their number.
    pub crc32c: Option<String>,
}

/// An object being read.
pub struct BlobStream {
    /// What it is.
    pub head: Head,
    /// Its bytes; an error in the middle ends it.
    pub bytes: BoxStream<'static, Result<Bytes, BlobError>>,
}

impl fmt::Debug for BlobStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobStream")
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

/// One page of a listing, in key order (bytewise).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// The objects.
    pub objects: Vec<Listed>,
    /// Give this to the next call; absent on the last page.
    pub next: Option<String>,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Its `ETag`.
    pub etag: String,
}

/// Names one multipart upload, together with its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MultipartId(pub String);

impl MultipartId {
    /// The id as the store wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MultipartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMultipart {
    /// The key it will have.
    pub key: String,
    /// Its id.
    pub id: MultipartId,
    /// When it was created, in milliseconds since 1970.
    pub created_unix_ms: Option<i64>,
}

/// A part that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1 to 10,000.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// What the store answered to the upload of this part.
    pub etag: String,
    /// CRC-32C as base64 of four big-endian bytes.
    pub crc32c: Option<String>,
}

/// The part that a presigned URL allows to upload: this one, with these bytes, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct PartToSign<'a> {
    /// The object's key.
    pub key: &'a str,
    /// The upload.
    pub id: &'a MultipartId,
    /// From 1 to 10,000.
    pub number: u32,
    /// Exact size in bytes.
    pub size: u64,
    /// CRC-32C of the content, base64 of four big-endian bytes.
    pub crc32c: &'a str,
}

/// A request that anyone who has it can send until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedRequest {
    /// `GET` or `PUT`.
    pub method: String,
    /// Where to.
    pub url: Url,
    /// Headers that were signed and must be sent just so. `host` and `content-length` are signed
    /// too but not among them: every client sets them itself, from the URL and the body.
    pub headers: Vec<(String, String)>,
}
