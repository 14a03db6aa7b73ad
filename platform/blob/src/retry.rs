use std::{future::Future, ops::Range, path::PathBuf, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use platform_core::backoff::Backoff;
use url::Url;

use crate::{
    BlobError, BlobStream, Blobs, Head, ListPage, MultipartId, OpenMultipart, Part, PartToSign,
    PresignedRequest, PutOptions,
};

/// Calls until it succeeds, fails for good, or the attempts are used up.
async fn run<T, F>(backoff: Backoff, mut call: impl FnMut() -> F) -> Result<T, BlobError>
where
    F: Future<Output = Result<T, BlobError>>,
{
    let mut attempt = 1;
    loop {
        let error = match call().await {
            Err(error) if error.retryable() => error,
            result => return result,
        };
        let Some(wait) = backoff.delay(attempt, &mut rand::rng()) else {
            return Err(error);
        };
        tracing::debug!(%error, attempt, ?wait, "object store call is tried again");
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// Tries calls again which failed for a reason that passes.
///
/// A put with `if_absent` whose answer was lost may find its own object on the second attempt and
/// then says `AlreadyExists`; that is what "first valid write wins" wants. Completing an upload
/// whose answer was lost ends in `NotFound`: look at the object then.
#[derive(Debug, Clone)]
pub struct Retrying<B> {
    inner: B,
    backoff: Backoff,
}

impl<B: Blobs> Retrying<B> {
    /// Wraps a store.
    pub fn new(inner: B, backoff: Backoff) -> Self {
        Self { inner, backoff }
    }
}

#[async_trait]
impl<B: Blobs> Blobs for Retrying<B> {
    async fn ensure_bucket(&self) -> Result<(), BlobError> {
        run(self.backoff, || self.inner.ensure_bucket()).await
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        content_type: &str,
        options: PutOptions,
    ) -> Result<Head, BlobError> {
        run(self.backoff, || {
            self.inner.put(key, body.clone(), content_type, options)
        })
        .await
    }

    async fn get(&self, key: &str) -> Result<Bytes, BlobError> {
        run(self.backoff, || self.inner.get(key)).await
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        run(self.backoff, || self.inner.get_range(key, range.clone())).await
    }

    async fn get_stream(&self, key: &str) -> Result<BlobStream, BlobError> {
        run(self.backoff, || self.inner.get_stream(key)).await
    }

    async fn head(&self, key: &str) -> Result<Head, BlobError> {
        run(self.backoff, || self.inner.head(key)).await
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        run(self.backoff, || self.inner.delete(key)).await
    }

    async fn delete_many(&self, keys: &[String]) -> Result<(), BlobError> {
        run(self.backoff, || self.inner.delete_many(keys)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<ListPage, BlobError> {
        run(self.backoff, || self.inner.list(prefix, cursor)).await
    }

    async fn create_multipart(
        &self,
        key: &str,
        content_type: &str,
    ) -> Result<MultipartId, BlobError> {
        run(self.backoff, || {
            self.inner.create_multipart(key, content_type)
        })
        .await
    }

    async fn presign_part(
        &self,
        part: PartToSign<'_>,
        endpoint: &Url,
        ttl: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        self.inner.presign_part(part, endpoint, ttl).await
    }

    async fn list_parts(&self, key: &str, id: &MultipartId) -> Result<Vec<Part>, BlobError> {
        run(self.backoff, || self.inner.list_parts(key, id)).await
    }

    async fn complete_multipart(
        &self,
        key: &str,
        id: &MultipartId,
        parts: &[Part],
    ) -> Result<Head, BlobError> {
        run(self.backoff, || {
            self.inner.complete_multipart(key, id, parts)
        })
        .await
    }

    async fn abort_multipart(&self, key: &str, id: &MultipartId) -> Result<(), BlobError> {
        run(self.backoff, || self.inner.abort_multipart(key, id)).await
    }

    async fn list_multiparts(&self, prefix: &str) -> Result<Vec<OpenMultipart>, BlobError> {
        run(self.backoff, || self.inner.list_multiparts(prefix)).await
    }

    async fn presign_get(
        &self,
        key: &str,
        endpoint: &Url,
        ttl: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        self.inner.presign_get(key, endpoint, ttl).await
    }

    async fn local_path(&self, key: &str) -> Result<Option<PathBuf>, BlobError> {
        self.inner.local_path(key).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::BlobErrorKind;

    async fn attempts_until(kind: BlobErrorKind, succeeds_at: u32) -> (u32, bool) {
        let calls = Cell::new(0);
        let backoff = Backoff {
            first: Duration::ZERO,
            limit: Duration::ZERO,
            attempts: 3,
        };
        let result = run(backoff, || {
            calls.set(calls.get() + 1);
            let call = calls.get();
            async move {
                if call >= succeeds_at {
                    Ok(())
                } else {
                    Err(BlobError::new(kind, "no"))
                }
            }
        })
        .await;
        (calls.get(), result.is_ok())
    }

    #[tokio::test]
    async fn what_passes_is_tried_again() {
        assert_eq!(
            attempts_until(BlobErrorKind::Unavailable, 3).await,
            (3, true)
        );
    }

    #[tokio::test]
    async fn attempts_end() {
        assert_eq!(attempts_until(BlobErrorKind::Full, 4).await, (3, false));
    }

    #[tokio::test]
    async fn what_never_succeeds_is_tried_once() {
        assert_eq!(
            attempts_until(BlobErrorKind::AlreadyExists, 2).await,
            (1, false)
        );
    }
}
