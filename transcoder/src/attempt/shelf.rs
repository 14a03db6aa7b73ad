//! Putting outputs where everyone finds them.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use media::plan::ObjectRef;
use platform_blob::{Blobs, PutOptions};
use tracing::{Instrument as _, info_span};

use super::{Failure, Lease};
use crate::domain::{FilmKey, Track};
use crate::store::Made;

/// Puts under way at a time.
const PUTS: usize = 4;

/// An init segment that differs from the one that other workers made.
#[derive(Debug, thiserror::Error)]
#[error("{0} differs from what another worker made of the same plan")]
struct InitDiffers(ObjectRef);

/// An output that is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Of which track.
    pub(crate) track: Track,
    /// Its number.
    pub(crate) n: u32,
    /// Its content.
    pub(crate) bytes: Bytes,
}

/// The object store, as the holder of one task sees it: before each write the task must be his.
#[derive(Debug)]
pub(crate) struct Shelf<'a> {
    pub(crate) blobs: &'a Arc<dyn Blobs>,
    pub(crate) lease: &'a Lease<'a>,
    pub(crate) film: &'a FilmKey,
}

impl Shelf<'_> {
    fn key(&self, object: &ObjectRef) -> String {
        format!("{}{object}", self.film.folder())
    }

    /// Stores what may be written again: plan and manifests.
    pub(crate) async fn replace_all(
        &self,
        objects: Vec<(ObjectRef, Bytes)>,
    ) -> Result<(), Failure> {
        stream::iter(objects)
            .map(|(object, bytes)| self.replace(object, bytes))
            .buffer_unordered(PUTS)
            .try_collect()
            .await
    }

    async fn replace(&self, object: ObjectRef, bytes: Bytes) -> Result<(), Failure> {
        self.lease.check().await?;
        let key = self.key(&object);
        self.blobs
            .put(&key, bytes, object.content_type(), PutOptions::default())
            .await?;
        Ok(())
    }

    /// Removes everything in `folder`, until the store lists nothing more.
    pub(crate) async fn clear(&self, folder: &str) -> Result<(), Failure> {
        loop {
            let page = self.blobs.list(folder, None).await?;
            if page.objects.is_empty() {
                return Ok(());
            }
            self.lease.check().await?;
            let keys: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
            self.blobs.delete_many(&keys).await?;
        }
    }

    /// Whether there is such an object.
    pub(crate) async fn has(&self, object: &ObjectRef) -> Result<bool, Failure> {
        match self.blobs.head(&self.key(object)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores an object unless it is there; whether it was not.
    pub(crate) async fn put_once(&self, object: &ObjectRef, bytes: Bytes) -> Result<bool, Failure> {
        self.lease.check().await?;
        let key = self.key(object);
        let put = self
            .blobs
            .put(&key, bytes, object.content_type(), PutOptions::IF_ABSENT)
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(error) if error.is_already_exists() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the poster, if there is one, and tells which object it is.
    pub(crate) async fn put_poster(
        &self,
        poster: Option<Bytes>,
    ) -> Result<Option<ObjectRef>, Failure> {
        let Some(bytes) = poster else {
            return Ok(None);
        };
        self.put_once(&ObjectRef::Poster, bytes).await?;
        Ok(Some(ObjectRef::Poster))
    }

    /// Stores init segments.
    pub(crate) async fn put_inits(&self, inits: Vec<(ObjectRef, Bytes)>) -> Result<(), Failure> {
        stream::iter(inits)
            .map(|(object, bytes)| self.put_init(object, bytes))
            .buffer_unordered(PUTS)
            .try_collect()
            .await
    }

    /// Stores an init segment. All segments of a track are played with it, whoever made them, so
    /// that another one already there must be the same to the byte.
    pub(crate) async fn put_init(&self, object: ObjectRef, bytes: Bytes) -> Result<(), Failure> {
        if self.put_once(&object, bytes.clone()).await? {
            return Ok(());
        }
        if self.blobs.get(&self.key(&object)).await? == bytes {
            Ok(())
        } else {
            Err(Failure::ours(InitDiffers(object)))
        }
    }

    /// Stores outputs, some at a time. One that is there already stays: the first valid write
    /// wins, and its size counts.
    pub(crate) async fn put_all(&self, outputs: Vec<Output>) -> Result<Vec<Made>, Failure> {
        let span = info_span!("transcode.put", objects = outputs.len());
        stream::iter(outputs)
            .map(|output| self.put_output(output))
            .buffer_unordered(PUTS)
            .try_collect()
            .instrument(span)
            .await
    }

    async fn put_output(&self, output: Output) -> Result<Made, Failure> {
        let Output { track, n, bytes } = output;
        let object = track.object(n);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let bytes = if self.put_once(&object, bytes).await? {
            size
        } else {
            self.blobs.head(&self.key(&object)).await?.size
        };
        Ok(Made { track, n, bytes })
    }
}
