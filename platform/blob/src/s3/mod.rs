mod failure;
mod presign;

use std::{fmt, ops::Range, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_s3::{
    Client, Config,
    config::{
        BehaviorVersion, Credentials, Intercept, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig,
    },
    primitives::ByteStream,
    types::{
        ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete,
        EncodingType, ObjectIdentifier,
    },
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use url::Url;

use self::failure::{What, sdk, unreadable};
use crate::{
    BlobError, BlobErrorKind, BlobStream, Blobs, Head, ListPage, Listed, MultipartId,
    OpenMultipart, Part, PartToSign, PresignedRequest, PutOptions, S3Config, crc32c_base64,
};

/// The protocol's limit for one batch delete.
const DELETE_BATCH: usize = 1000;

/// Knows which file holds an object, where the store lies on this machine.
#[async_trait]
pub trait LocalFiles: fmt::Debug + Send + Sync {
    /// The file of an object, or `None` if there is no such object.
    async fn path_of(&self, bucket: &str, key: &str) -> Result<Option<PathBuf>, BlobError>;
}

/// One bucket of any S3, through the AWS SDK.
#[derive(Debug, Clone)]
pub struct S3Blobs {
    client: Client,
    bucket: String,
    local: Option<Arc<dyn LocalFiles>>,
}

impl S3Blobs {
    /// Prepares a client; nothing is sent yet.
    pub fn new(config: &S3Config) -> Self {
        let credentials = Credentials::new(
            config.access_key.as_str(),
            config.secret_key.expose(),
            None,
            None,
            "configuration",
        );
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_mins(1))
            .build();
        let sdk = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(config.endpoint.as_str())
            .region(Region::new(config.region.clone()))
            .credentials_provider(credentials)
            .force_path_style(config.path_style)
            // `Retrying` decides, and does so for every implementation alike.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        Self {
            client: Client::from_conf(sdk),
            bucket: config.bucket.clone(),
            local: None,
        }
    }

    /// The same store, whose requests pass through `interceptor`.
    #[must_use]
    pub fn with_interceptor(mut self, interceptor: impl Intercept + 'static) -> Self {
        let config = self.client.config().to_builder();
        self.client = Client::from_conf(config.interceptor(interceptor).build());
        self
    }

    /// The same store, whose files can be found on this machine.
    #[must_use]
    pub fn with_local(mut self, local: Arc<dyn LocalFiles>) -> Self {
        self.local = Some(local);
        self
    }
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn ensure_bucket(&self) -> Result<(), BlobError> {
        let what = What::bucket(&self.bucket);
        let found = self.client.head_bucket().bucket(&self.bucket).send().await;
        match found.map_err(|error| sdk(what, error)) {
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        let created = self
            .client
            .create_bucket()
            .bucket(&self.bucket)
            .send()
            .await;
        match created {
            Err(error) if error.as_service_error().is_some_and(is_ours_already) => Ok(()),
            other => other.map(drop).map_err(|error| sdk(what, error)),
        }
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        options: PutOptions,
    ) -> Result<Head, BlobError> {
        let size = body.len() as u64;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .checksum_crc32_c(crc32c_base64(&body))
            .set_if_none_match(options.if_absent.then(|| "*".to_owned()))
            .body(ByteStream::from(body))
            .customize()
            // The checksum already tells whether the bytes arrived; hashing them twice is waste.
            .disable_payload_signing();
        let stored = request
            .send()
            .await
            .map_err(|error| sdk(What::key(key), error))?;
        Ok(Head {
            size,
            etag: stored.e_tag.unwrap_or_default(),
            content_type: Some(content_type.to_owned()),
            crc32c: stored.checksum_crc32_c,
        })
    }

    async fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let object = request
            .send()
            .await
            .map_err(|error| sdk(What::key(key), error))?;
        let bytes = object
            .body
            .collect()
            .await
            .map_err(|error| unreadable(key, error))?;
        Ok(bytes.into_bytes())
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        if range.is_empty() {
            return Err(BlobError::new(
                BlobErrorKind::Invalid,
                format!(
                    "the range {}..{} of {key:?} is empty",
                    range.start, range.end
                ),
            ));
        }
        let object = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .range(format!("bytes={}-{}", range.start, range.end - 1))
            .send()
            .await
            .map_err(|error| sdk(What::key(key), error))?;
        let bytes = object
            .body
            .collect()
            .await
            .map_err(|error| unreadable(key, error))?;
        Ok(bytes.into_bytes())
    }

    async fn get_stream(&self, key: &str) -> Result<BlobStream, BlobError> {
        let object = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| sdk(What::key(key), error))?;
        let head = Head {
            size: bytes_of(object.content_length),
            etag: object.e_tag.unwrap_or_default(),
            content_type: object.content_type,
            crc32c: object.checksum_crc32_c,
        };
        let key = key.to_owned();
        let bytes = stream::unfold((object.body, key), |(mut body, key)| async move {
            let chunk = body.next().await?.map_err(|error| unreadable(&key, error));
            Some((chunk, (body, key)))
        });
        Ok(BlobStream {
            head,
            bytes: bytes.boxed(),
        })
    }

    async fn head(&self, key: &str) -> Result<Head, BlobError> {
        let object = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .map_err(|error| sdk(What::key(key), error))?;
        Ok(Head {
            size: bytes_of(object.content_length),
            etag: object.e_tag.unwrap_or_default(),
            content_type: object.content_type,
            crc32c: object.checksum_crc32_c,
        })
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(key);
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| sdk(What::key(key), error))
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), BlobError> {
        for batch in keys.chunks(DELETE_BATCH) {
            let mut delete = Delete::builder().quiet(true);
            for key in batch {
                let object = ObjectIdentifier::builder().key(key).build();
                delete = delete.objects(object.map_err(|error| failure::unbuildable(key, error))?);
            }
            let what = What::bucket(&self.bucket);
            let delete = delete
                .build()
                .map_err(|error| failure::unbuildable("", error))?;
            let request = self
                .client
                .delete_objects()
                .bucket(&self.bucket)
                .delete(delete);
            let done = request.send().await.map_err(|error| sdk(what, error))?;
            if let Some(error) = done.errors().first() {
                return Err(failure::of_batch(error));
            }
        }
        Ok(())
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<ListPage, BlobError> {
        let page = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .encoding_type(EncodingType::Url)
            .set_continuation_token(cursor.map(str::to_owned))
            .send()
            .await
            .map_err(|error| sdk(What::bucket(&self.bucket), error))?;
        let objects = page.contents.unwrap_or_default();
        let objects = objects.into_iter().map(|object| Listed {
            key: decoded(object.key),
            size: bytes_of(object.size),
            etag: object.e_tag.unwrap_or_default(),
        });
        Ok(ListPage {
            objects: objects.collect(),
            next: page.next_continuation_token,
        })
    }

    async fn create_multipart(
        &self,
        key: &str,
        content_type: &str,
    ) -> Result<MultipartId, BlobError> {
        let upload = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .checksum_algorithm(ChecksumAlgorithm::Crc32C)
            .send()
            .await
            .map_err(|error| sdk(What::key(key), error))?;
        upload
            .upload_id
            .map(MultipartId)
            .ok_or_else(|| failure::incomplete(key))
    }

    async fn presign_part(
        &self,
        part: PartToSign<'_>,
        endpoint: &Url,
        ttl: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        presign::part(&self.client, &self.bucket, part, endpoint, ttl).await
    }

    async fn list_parts(&self, key: &str, id: &MultipartId) -> Result<Vec<Part>, BlobError> {
        let mut parts = Vec::new();
        let request = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(id.as_str());
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| sdk(What::upload(key), error))?;
            for part in page.parts.unwrap_or_default() {
                parts.push(Part {
                    number: part
                        .part_number
                        .and_then(|n| u32::try_from(n).ok())
                        .unwrap_or(0),
                    size: bytes_of(part.size),
                    etag: part.e_tag.unwrap_or_default(),
                    crc32c: part.checksum_crc32_c,
                });
            }
        }
        Ok(parts)
    }

    async fn complete_multipart(
        &self,
        key: &str,
        id: &MultipartId,
        parts: &[Part],
    ) -> Result<Head, BlobError> {
        let parts = parts.iter().map(|part| {
            CompletedPart::builder()
                .set_part_number(i32::try_from(part.number).ok())
                .e_tag(&part.etag)
                .set_checksum_crc32_c(part.crc32c.clone())
                .build()
        });
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts.collect()))
            .build();
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(id.as_str())
            .multipart_upload(parts)
            .send()
            .await
            .map_err(|error| sdk(What::upload(key), error))?;
        self.head(key).await
    }

    async fn abort_multipart(&self, key: &str, id: &MultipartId) -> Result<(), BlobError> {
        let request = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key);
        let aborted = request.upload_id(id.as_str()).send().await;
        match aborted.map_err(|error| sdk(What::upload(key), error)) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    async fn list_multiparts(&self, prefix: &str) -> Result<Vec<OpenMultipart>, BlobError> {
        let mut open = Vec::new();
        let request = self
            .client
            .list_multipart_uploads()
            .bucket(&self.bucket)
            .encoding_type(EncodingType::Url)
            .prefix(prefix);
        let (mut after_key, mut after_id) = (None, None);
        loop {
            let page = request
                .clone()
                .set_key_marker(after_key)
                .set_upload_id_marker(after_id)
                .send()
                .await
                .map_err(|error| sdk(What::bucket(&self.bucket), error))?;
            open.extend(
                page.uploads
                    .unwrap_or_default()
                    .into_iter()
                    .map(|upload| OpenMultipart {
                        key: decoded(upload.key),
                        id: MultipartId(upload.upload_id.unwrap_or_default()),
                        created_unix_ms: upload.initiated.and_then(|time| time.to_millis().ok()),
                    }),
            );
            if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
                return Ok(open);
            }
            after_key = Some(decoded(page.next_key_marker));
            after_id = page.next_upload_id_marker;
        }
    }

    async fn presign_get(
        &self,
        key: &str,
        endpoint: &Url,
        ttl: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        presign::get(&self.client, &self.bucket, key, endpoint, ttl).await
    }

    async fn local_path(&self, key: &str) -> Result<Option<PathBuf>, BlobError> {
        match &self.local {
            Some(local) => local.path_of(&self.bucket, key).await,
            None => Ok(None),
        }
    }
}

/// Someone else made the bucket between our look and our attempt.
fn is_ours_already(error: &aws_sdk_s3::operation::create_bucket::CreateBucketError) -> bool {
    error.is_bucket_already_owned_by_you() || error.is_bucket_already_exists()
}

/// XML cannot carry every key, so listings are asked for in the encoding of URLs.
fn decoded(key: Option<String>) -> String {
    let key = key.unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(key.as_bytes());
    pairs
        .next()
        .map(|(key, _)| key.into_owned())
        .unwrap_or_default()
}

fn bytes_of(length: Option<i64>) -> u64 {
    length
        .and_then(|length| u64::try_from(length).ok())
        .unwrap_or(0)
}
