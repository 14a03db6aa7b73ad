//! Takes a body in: onto the disk and through the checksums, in one pass, without copying it.

use std::{error::Error, fs::File, os::unix::fs::FileExt, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{
    digest::{Claims, Digester, Sums},
    error::StoreError,
};

/// How much is handed to the disk at once: large enough that the hand-over costs nothing.
const BATCH: usize = 1 << 20;

/// A client that sends nothing for so long has gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// A body as it arrives.
pub(crate) type Body =
    Pin<Box<dyn Stream<Item = Result<Bytes, Box<dyn Error + Send + Sync>>> + Send>>;

/// Where a body goes. `Owner` is whatever makes the place ours, so that it stays ours until the
/// last write has ended, even when nobody waits for it any more.
pub(crate) struct Sink<Owner> {
    pub(crate) owner: Owner,
    pub(crate) file: File,
    pub(crate) offset: u64,
    digester: Digester,
    size: u64,
}

impl<Owner: Send + 'static> Sink<Owner> {
    pub(crate) fn new(owner: Owner, file: File, offset: u64, digester: Digester) -> Self {
        Self {
            owner,
            file,
            offset,
            digester,
            size: 0,
        }
    }

    fn write(mut self, batch: &[Bytes]) -> Result<Self, StoreError> {
        for bytes in batch {
            self.digester.update(bytes);
            self.file.write_all_at(bytes, self.offset + self.size)?;
            self.size += bytes.len() as u64;
        }
        Ok(self)
    }

    /// Reads the body to its end. Nothing is durable, and nothing verified, yet.
    pub(crate) async fn pour(
        self,
        mut body: Body,
        announced: Option<u64>,
    ) -> Result<Poured<Owner>, StoreError> {
        let mut arrived: u64 = 0;
        // While one batch is being written, the next is being received.
        let mut writing = Writing::Idle(Box::new(self));
        loop {
            let (batch, ended) = next_batch(&mut body).await?;
            arrived += batch.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
            if announced.is_some_and(|announced| arrived > announced) {
                return Err(StoreError::TooMuch);
            }
            let sink = writing.finished().await?;
            if ended {
                if announced.is_some_and(|announced| arrived < announced) {
                    return Err(StoreError::Incomplete(None));
                }
                return Ok(Poured { sink, rest: batch });
            }
            writing = Writing::Busy(spawn_blocking(move || sink.write(&batch)));
        }
    }
}

enum Writing<Owner> {
    Idle(Box<Sink<Owner>>),
    Busy(JoinHandle<Result<Sink<Owner>, StoreError>>),
}

impl<Owner> Writing<Owner> {
    async fn finished(self) -> Result<Sink<Owner>, StoreError> {
        match self {
            Self::Idle(sink) => Ok(*sink),
            Self::Busy(task) => task.await?,
        }
    }
}

/// Everything arrived; the last bytes are not written yet, since syncing blocks as well.
pub(crate) struct Poured<Owner> {
    sink: Sink<Owner>,
    rest: Vec<Bytes>,
}

/// Verified and durable content.
pub(crate) struct Settled<Owner> {
    pub(crate) owner: Owner,
    pub(crate) size: u64,
    pub(crate) sums: Sums,
}

impl<Owner: Send + 'static> Poured<Owner> {
    /// Writes what is left, verifies, makes durable, and then does `more`. Blocks.
    pub(crate) fn settle(
        self,
        claims: &Claims,
        more: impl FnOnce() -> std::io::Result<()>,
    ) -> Result<Settled<Owner>, StoreError> {
        let Sink {
            owner,
            file,
            digester,
            size,
            ..
        } = self.sink.write(&self.rest)?;
        let sums = digester.verify(claims)?;
        file.sync_data()?;
        more()?;
        Ok(Settled { owner, size, sums })
    }
}

async fn next_batch(body: &mut Body) -> Result<(Vec<Bytes>, bool), StoreError> {
    let mut batch = Vec::new();
    let mut size = 0;
    while size < BATCH {
        let next = tokio::time::timeout(PATIENCE, body.next());
        match next.await.map_err(|_elapsed| StoreError::Stalled)? {
            None => return Ok((batch, true)),
            Some(Err(error)) => return Err(broken(error)),
            Some(Ok(bytes)) => {
                size += bytes.len();
                batch.push(bytes);
            }
        }
    }
    Ok((batch, false))
}

/// The protocol layer checks signed bodies while they pass, and its error types are its own.
fn broken(error: Box<dyn Error + Send + Sync>) -> StoreError {
    if error.to_string().contains("Mismatch") {
        StoreError::BadDigest("signed hash")
    } else {
        StoreError::Incomplete(Some(error))
    }
}
