use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    blob_id::BlobId,
    digest::{Algorithm, SumKind, Sums},
};

/// What the client wants back with the object, word for word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub(crate) struct ObjectRow {
    pub(crate) blob: BlobId,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) modified_ms: i64,
    pub(crate) sum_algorithm: Algorithm,
    pub(crate) sum_kind: SumKind,
    pub(crate) sum: String,
    pub(crate) headers: Headers,
    /// The multipart upload that it was made by.
    pub(crate) upload: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct UploadRow {
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) created_ms: i64,
    pub(crate) slots_blob: BlobId,
    pub(crate) slot_size: Option<u64>,
    pub(crate) sum_algorithm: Algorithm,
    pub(crate) sum_kind: SumKind,
    pub(crate) headers: Headers,
}

#[derive(Debug, Clone)]
pub(crate) struct PartRow {
    pub(crate) number: i32,
    pub(crate) blob: Option<BlobId>,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) modified_ms: i64,
    pub(crate) sums: Sums,
}

impl ObjectRow {
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            blob: blob(row.try_get("blob")?)?,
            size: size(row.try_get("size")?)?,
            etag: row.try_get("etag")?,
            modified_ms: row.try_get("modified_ms")?,
            sum_algorithm: json_name(row.try_get("sum_algorithm")?)?,
            sum_kind: json_name(row.try_get("sum_kind")?)?,
            sum: row.try_get("sum")?,
            headers: json(row.try_get("headers")?)?,
            upload: row.try_get("upload")?,
        })
    }
}

impl UploadRow {
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            bucket: row.try_get("bucket")?,
            key: key(row.try_get("key")?)?,
            created_ms: row.try_get("created_ms")?,
            slots_blob: blob(row.try_get("slots_blob")?)?,
            slot_size: row
                .try_get::<Option<i64>, _>("slot_size")?
                .map(size)
                .transpose()?,
            sum_algorithm: json_name(row.try_get("sum_algorithm")?)?,
            sum_kind: json_name(row.try_get("sum_kind")?)?,
            headers: json(row.try_get("headers")?)?,
        })
    }
}

impl PartRow {
    pub(super) fn read(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            number: row.try_get("number")?,
            blob: row
                .try_get::<Option<&str>, _>("blob")?
                .map(blob)
                .transpose()?,
            size: size(row.try_get("size")?)?,
            etag: row.try_get("etag")?,
            modified_ms: row.try_get("modified_ms")?,
            sums: json(row.try_get("sums")?)?,
        })
    }
}

pub(super) fn blob(text: &str) -> Result<BlobId, sqlx::Error> {
    BlobId::parse(text).ok_or_else(|| sqlx::Error::Decode("not a blob's name".into()))
}

pub(super) fn key(bytes: Vec<u8>) -> Result<String, sqlx::Error> {
    String::from_utf8(bytes).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn size(number: i64) -> Result<u64, sqlx::Error> {
    u64::try_from(number).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

pub(super) fn number(size: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(size).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

fn json<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn json_name<T: for<'de> Deserialize<'de>>(name: &str) -> Result<T, sqlx::Error> {
    serde_json::from_value(name.into()).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
