//! Objects on the local disk: the index, the files, and what may happen to them in which order.

use std::{fs::File, io, path::Path, sync::Arc};

use platform_core::{Clock, Lifecycle};
use tokio::task::spawn_blocking;

use crate::{
    blob_id::BlobId,
    digest::{Claims, Digester, SumKind},
    error::StoreError,
    files::{Draft, Files},
    index::{
        Applied, Change, Condition, Delete, Headers, Index, ObjectRow, PutObject, Writer,
        WriterHandle,
    },
    ingest::{Body, Settled, Sink},
    slots::Slots,
};

/// The store. Clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) index: Index,
    pub(crate) files: Files,
    pub(crate) slots: Slots,
    writer: WriterHandle,
    clock: Arc<dyn Clock>,
}

/// Content on its way in.
pub(crate) struct Incoming {
    pub(crate) body: Body,
    pub(crate) size: Option<u64>,
    pub(crate) claims: Claims,
    /// Tells the checksums that followed the body, once it was read.
    pub(crate) trailers: Trailers,
}

/// Completes claims by the checksums that came behind the body.
pub(crate) type Trailers = Box<dyn FnOnce(&mut Claims) -> Result<(), StoreError> + Send>;

impl Store {
    /// Opens the store under `root`, makes it when missing, and clears away what a crash left. The
    /// lock is held until the last change is written.
    pub(crate) async fn open(
        root: &Path,
        lock: File,
        clock: Arc<dyn Clock>,
        life: &Lifecycle,
    ) -> Result<Self, StoreError> {
        let files = {
            let root = root.to_owned();
            spawn_blocking(move || Files::create(&root)).await??
        };
        let (index, options) = Index::open(root).await?;
        recover(&index, &files).await?;
        let (worker, writer) = Writer::new(options, files.clone());
        life.spawn(async move {
            worker.run().await;
            drop(lock);
        });
        Ok(Self {
            index,
            files,
            slots: Slots::default(),
            writer,
            clock,
        })
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        self.writer.apply(change).await
    }

    /// Fails unless the bucket exists.
    pub(crate) async fn bucket(&self, name: &str) -> Result<(), StoreError> {
        if self.index.bucket_exists(name).await? {
            Ok(())
        } else {
            Err(StoreError::NoSuchBucket)
        }
    }

    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Result<ObjectRow, StoreError> {
        if let Some(row) = self.index.object(bucket, key).await? {
            return Ok(row);
        }
        self.bucket(bucket).await?;
        Err(StoreError::NoSuchKey)
    }

    /// Stores an object whole.
    pub(crate) async fn put(
        &self,
        bucket: &str,
        key: &str,
        headers: Headers,
        condition: Condition,
        incoming: Incoming,
    ) -> Result<ObjectRow, StoreError> {
        self.bucket(bucket).await?;
        let algorithm = incoming.claims.kept();
        let draft = self.draft(algorithm, incoming).await?;
        let row = ObjectRow {
            blob: draft.owner.id(),
            size: draft.size,
            etag: draft.owner.id().etag(),
            modified_ms: self.now_ms(),
            sum_algorithm: algorithm,
            sum_kind: SumKind::Full,
            sum: draft.sums.get(algorithm).unwrap_or_default().to_owned(),
            headers,
            upload: None,
        };
        let put = PutObject {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            row: row.clone(),
            condition,
            draft: draft.owner,
        };
        self.apply(Change::PutObject(Box::new(put))).await?;
        Ok(row)
    }

    /// Takes content into a file of its own, verified and durable.
    pub(crate) async fn draft(
        &self,
        kept: crate::digest::Algorithm,
        incoming: Incoming,
    ) -> Result<Settled<Draft>, StoreError> {
        let draft = Draft::new(&self.files);
        let files = self.files.clone();
        let (draft, file) = spawn_blocking(move || {
            let file = files.create_incoming(draft.id())?;
            Ok::<_, io::Error>((draft, file))
        })
        .await??;
        let digester = Digester::new(&incoming.claims, kept);
        let sink = Sink::new(draft, file, 0, digester);
        let files = self.files.clone();
        receive(sink, incoming, move || files.sync_incoming()).await
    }

    /// Copies an object without copying its bytes, where the file system can.
    pub(crate) async fn copy(
        &self,
        from: &ObjectRow,
        bucket: &str,
        key: &str,
        headers: Headers,
    ) -> Result<ObjectRow, StoreError> {
        self.bucket(bucket).await?;
        let (files, source) = (self.files.clone(), from.blob);
        let draft = spawn_blocking(move || {
            let draft = Draft::new(&files);
            files.link_incoming(source, draft.id())?;
            files.sync_incoming()?;
            Ok::<_, io::Error>(draft)
        })
        .await?
        .map_err(gone)?;
        let row = ObjectRow {
            blob: draft.id(),
            etag: draft.id().etag(),
            modified_ms: self.now_ms(),
            headers,
            upload: None,
            ..from.clone()
        };
        let put = PutObject {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            row: row.clone(),
            condition: Condition::None,
            draft,
        };
        self.apply(Change::PutObject(Box::new(put))).await?;
        Ok(row)
    }

    pub(crate) async fn delete(
        &self,
        bucket: &str,
        key: &str,
        condition: Condition,
    ) -> Result<(), StoreError> {
        let delete = Delete {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            condition,
        };
        self.apply(Change::Delete(delete)).await.map(drop)
    }

    /// An object and its file, opened together: the object may be replaced between the two.
    pub(crate) async fn open_object(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<(ObjectRow, File), StoreError> {
        const TRIES: usize = 3;
        let mut tries = 0;
        loop {
            let row = self.object(bucket, key).await?;
            let (files, blob) = (self.files.clone(), row.blob);
            tries += 1;
            match spawn_blocking(move || files.open(blob)).await? {
                Ok(file) => return Ok((row, file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Reads a body into a sink, verifies it and makes it durable.
pub(crate) async fn receive<Owner: Send + 'static>(
    sink: Sink<Owner>,
    incoming: Incoming,
    more: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> Result<Settled<Owner>, StoreError> {
    let Incoming {
        body,
        size,
        mut claims,
        trailers,
    } = incoming;
    let poured = sink.pour(body, size).await?;
    trailers(&mut claims)?;
    spawn_blocking(move || poured.settle(&claims, more)).await?
}

/// The source of a copy that vanished was deleted meanwhile.
fn gone(error: io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::NotFound {
        StoreError::NoSuchKey
    } else {
        error.into()
    }
}

/// Finishes what a crash interrupted: files that the index knows go to their folder, others away.
async fn recover(index: &Index, files: &Files) -> Result<(), StoreError> {
    let garbage = index.garbage().await?;
    let listed = {
        let files = files.clone();
        spawn_blocking(move || files.list_incoming()).await??
    };
    let mut known = Vec::new();
    let mut left_over = Vec::new();
    for (path, blob) in listed {
        match blob {
            Some(blob) if index.refers_to(blob).await? => known.push(blob),
            _ => left_over.push(path),
        }
    }
    if !left_over.is_empty() || !garbage.is_empty() {
        let files = left_over.len() + garbage.len();
        tracing::info!(files, "clearing away what the last run left unfinished");
    }
    let files = files.clone();
    spawn_blocking(move || {
        known
            .into_iter()
            .try_for_each(|blob: BlobId| files.publish(blob))?;
        left_over.into_iter().try_for_each(std::fs::remove_file)?;
        garbage.into_iter().try_for_each(|blob| files.remove(blob))
    })
    .await??;
    index.forget_garbage().await
}
