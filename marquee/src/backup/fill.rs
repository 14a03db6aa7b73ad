//! Objects are put into the store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::stream::{StreamExt as _, TryStreamExt as _};
use platform_blob::{Blobs, MultipartId, PartToSign, PutOptions, crc32c_base64};
use platform_core::backoff::Backoff;
use platform_http::Client;
use reqwest::Method;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt as _;
use url::Url;

use crate::cli::Failure;
use crate::upload::parts::cut;

use super::folder::{AT_ONCE, Entry, Folder, Manifest, at, counted, damaged};
use super::tell::Counter;

/// What is larger goes in parts.
const SMALL: u64 = 8 << 20;

/// Bytes of a part at least, and how many parts there may be.
const PART: u64 = 16 << 20;
const PARTS: u64 = 9_000;

/// For how long a part may be put.
const TTL: Duration = Duration::from_hours(1);

/// Puts objects into an empty store.
pub(super) struct Filler {
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) client: Client,
    /// Where the store is.
    pub(super) endpoint: Url,
}

impl Filler {
    /// Puts all objects of the backup.
    pub(super) async fn put_all(
        &self,
        folder: &Folder,
        manifest: &Manifest,
    ) -> Result<(), Failure> {
        let mut counter = Counter::new("restored");
        let put = folder
            .entries()
            .await?
            .map_ok(|entry| async move {
                self.put(folder, &entry).await?;
                Ok(entry.content.size)
            })
            .try_buffer_unordered(AT_ONCE);
        let mut put = std::pin::pin!(put);
        while let Some(size) = put.next().await {
            counter.add(size?)?;
        }
        counted(&counter, manifest)
    }

    async fn put(&self, folder: &Folder, entry: &Entry) -> Result<(), Failure> {
        if entry.content.size > SMALL {
            return self.put_large(folder, entry).await;
        }
        let file = folder.object(entry.number);
        let body = fs::read(&file).await.map_err(at(&file))?;
        if HEXLOWER.encode(&Sha256::digest(&body)) != entry.content.sha256 {
            return Err(damaged(&file));
        }
        let (body, options) = (Bytes::from(body), PutOptions::default());
        let put = self.blobs.put(&entry.key, body, media_type(entry), options);
        put.await?;
        Ok(())
    }

    async fn put_large(&self, folder: &Folder, entry: &Entry) -> Result<(), Failure> {
        let opened = self
            .blobs
            .create_multipart(&entry.key, media_type(entry))
            .await?;
        let put = self.put_parts(folder, entry, &opened).await;
        if put.is_err() {
            // The first failure is the one to tell of.
            drop(self.blobs.abort_multipart(&entry.key, &opened).await);
        }
        put
    }

    async fn put_parts(
        &self,
        folder: &Folder,
        entry: &Entry,
        opened: &MultipartId,
    ) -> Result<(), Failure> {
        let path = folder.object(entry.number);
        let mut file = File::open(&path).await.map_err(at(&path))?;
        let mut digest = Sha256::new();
        let size = entry.content.size;
        for part in cut(size, PART.max(size.div_ceil(PARTS))) {
            let mut body = Vec::new();
            let mut piece = (&mut file).take(part.size);
            let read = piece.read_to_end(&mut body).await;
            read.map_err(at(&path))?;
            if body.len() as u64 != part.size {
                return Err(damaged(&path));
            }
            digest.update(&body);
            let crc32c = crc32c_base64(&body);
            let part = PartToSign {
                key: &entry.key,
                id: opened,
                number: part.number,
                size: part.size,
                crc32c: &crc32c,
            };
            self.put_part(part, body.into()).await?;
        }
        if HEXLOWER.encode(&digest.finalize()) != entry.content.sha256 {
            return Err(damaged(&path));
        }
        let parts = self.blobs.list_parts(&entry.key, opened).await?;
        let put = self
            .blobs
            .complete_multipart(&entry.key, opened, &parts)
            .await?;
        if put.size == size {
            Ok(())
        } else {
            Err(format!("the store holds {} bytes of {:?}", put.size, entry.key).into())
        }
    }

    async fn put_part(&self, part: PartToSign<'_>, body: Bytes) -> Result<(), Failure> {
        let mut attempt = 1;
        loop {
            let signed = self.blobs.presign_part(part, &self.endpoint, TTL).await?;
            let mut request = self.client.request_url(Method::PUT, signed.url);
            for (name, value) in signed.headers {
                request = request.header(name, value);
            }
            let answer = request.body(body.clone()).send().await;
            let Err(error) = answer.and_then(reqwest::Response::error_for_status) else {
                return Ok(());
            };
            let refused = error
                .status()
                .is_some_and(|status| status.is_client_error());
            let pause = Backoff::standard().delay(attempt, &mut rand::rng());
            match pause {
                Some(pause) if !refused => tokio::time::sleep(pause).await,
                _ => return Err(error.without_url().into()),
            }
            attempt += 1;
        }
    }
}

fn media_type(entry: &Entry) -> &str {
    entry
        .content_type
        .as_deref()
        .unwrap_or("application/octet-stream")
}
