//! The one writer: whatever waits while a commit is under way goes into the next one together, so
//! that many small writes share the cost of making them durable.

use std::{io, mem};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinSet, spawn_blocking},
};

use super::change::{Applied, Change, Verdict};
use crate::{blob_id::BlobId, error::StoreError, files::Files};

/// No transaction grows larger, so that the first in it does not wait long for the last.
const BATCH: usize = 256;

struct Request {
    change: Change,
    reply: oneshot::Sender<Result<Applied, StoreError>>,
}

/// Hands changes to the writer.
#[derive(Debug, Clone)]
pub(crate) struct WriterHandle {
    requests: mpsc::Sender<Request>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.change.fmt(f)
    }
}

impl WriterHandle {
    /// Returns once the change is durable, or was refused.
    pub(crate) async fn apply(&self, change: Change) -> Result<Applied, StoreError> {
        let (reply, answer) = oneshot::channel();
        let closed = StoreError::Closed;
        if self.requests.send(Request { change, reply }).await.is_err() {
            return Err(closed);
        }
        answer.await.unwrap_or(Err(closed))
    }
}

/// Runs until every handle is gone.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    /// `None` after a failure: what a connection remembers of a broken transaction is not trusted.
    db: Option<SqliteConnection>,
    files: Files,
    requests: mpsc::Receiver<Request>,
    removing: JoinSet<Vec<BlobId>>,
    /// Files that are gone, and whose rows in `garbage` can go with the next commit.
    removed: Vec<BlobId>,
}

impl Writer {
    pub(crate) fn new(options: SqliteConnectOptions, files: Files) -> (Self, WriterHandle) {
        let (sender, requests) = mpsc::channel(BATCH);
        let removing = JoinSet::new();
        let writer = Self {
            options,
            db: None,
            files,
            requests,
            removing,
            removed: Vec::new(),
        };
        (writer, WriterHandle { requests: sender })
    }

    pub(crate) async fn run(mut self) {
        while let Some(first) = self.requests.recv().await {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = self.requests.try_recv()
            {
                batch.push(next);
            }
            while let Some(removed) = self.removing.try_join_next() {
                self.removed.extend(removed.unwrap_or_default());
            }
            self.process(batch).await;
        }
        while let Some(removed) = self.removing.join_next().await {
            self.removed.extend(removed.unwrap_or_default());
        }
        if let Err(error) = self.commit(&[]).await {
            tracing::debug!(%error, "removed files are noted as such at the next start");
        }
    }

    async fn process(&mut self, batch: Vec<Request>) {
        match self.commit(&batch).await {
            Ok(verdicts) => return self.answer(batch, verdicts).await,
            Err(error) => tracing::warn!(%error, "a commit failed and is tried again"),
        }
        // One bad change must not take the others with it.
        for request in batch {
            let alone = vec![request];
            match self.commit(&alone).await {
                Ok(verdicts) => self.answer(alone, verdicts).await,
                Err(error) => refuse(alone, error),
            }
        }
    }

    async fn commit(&mut self, batch: &[Request]) -> Result<Verdicts, sqlx::Error> {
        let mut db = match self.db.take() {
            Some(db) => db,
            None => self.connect().await?,
        };
        match transact(&mut db, &self.removed, batch).await {
            Ok(verdicts) => {
                self.db = Some(db);
                self.removed.clear();
                Ok(verdicts)
            }
            Err(error) => {
                db.close().await?;
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        let mut db = SqliteConnection::connect_with(&self.options).await?;
        // On a full disk the log cannot grow, but it can begin anew, so that deleting works.
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(RESTART)")
            .execute(&mut db)
            .await
        {
            tracing::debug!(%error, "the index's log could not begin anew");
        }
        Ok(db)
    }

    /// Moves new files to their places, tells everyone, and only then removes what is free.
    async fn answer(&mut self, batch: Vec<Request>, verdicts: Verdicts) {
        let mut freed = Vec::new();
        let mut drafts = Vec::new();
        let mut answers = Vec::with_capacity(batch.len());
        for (request, mut verdict) in batch.into_iter().zip(verdicts) {
            if let Ok(applied) = &mut verdict {
                freed.append(&mut mem::take(&mut applied.freed));
                drafts.extend(request.change.into_draft());
            }
            answers.push((request.reply, verdict));
        }
        let publish = || {
            spawn_blocking(move || {
                drafts.into_iter().try_for_each(|draft| {
                    let blob = draft.id();
                    draft.publish().map_err(|error| (blob, error))
                })
            })
        };
        if let Ok(Err((blob, error))) = publish().await {
            // It stays readable where it is, and moves at the next start.
            tracing::warn!(%error, %blob, "a stored file could not be moved to its folder");
        }
        for (reply, verdict) in answers {
            // Whoever asked may have gone.
            drop(reply.send(verdict));
        }
        if !freed.is_empty() {
            let files = self.files.clone();
            self.removing.spawn_blocking(move || remove(&files, freed));
        }
    }
}

type Verdicts = Vec<Result<Applied, StoreError>>;

async fn transact(
    db: &mut SqliteConnection,
    removed: &[BlobId],
    batch: &[Request],
) -> Result<Verdicts, sqlx::Error> {
    let mut transaction = db.begin_with("BEGIN IMMEDIATE").await?;
    for blob in removed {
        sqlx::query("DELETE FROM garbage WHERE blob = $1")
            .bind(blob.to_string())
            .execute(&mut *transaction)
            .await?;
    }
    let mut verdicts = Vec::with_capacity(batch.len());
    for request in batch {
        let verdict: Verdict = request.change.apply(&mut transaction).await;
        verdicts.push(verdict?);
    }
    transaction.commit().await?;
    Ok(verdicts)
}

/// Removes files and says which are gone; the others are tried again at the next start.
fn remove(files: &Files, mut freed: Vec<BlobId>) -> Vec<BlobId> {
    freed.retain(|blob| match files.remove(*blob) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, %blob, "a file that is not needed any more stays for now");
            false
        }
    });
    freed
}

fn refuse(batch: Vec<Request>, error: sqlx::Error) {
    let error = StoreError::from(error);
    tracing::error!(error = %error, "the object store's index refused a commit");
    let full = matches!(error, StoreError::Full(_));
    for request in batch {
        let reason = || io::Error::other("the index could not be written");
        drop(request.reply.send(Err(if full {
            StoreError::Full(Box::new(reason()))
        } else {
            StoreError::Io(reason())
        })));
    }
}
