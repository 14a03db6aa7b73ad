//! Bringing a film's bytes to where the box can see them, and no more of them than needed.

mod error;
mod films;
mod need;
mod normalise;
mod ranges;
mod remote;
mod source;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use media::sniff::{self, Demuxer, HEAD_BYTES};
use media::time::Micros;
use platform_blob::Blobs;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use self::error::{StageError, WorkError};
pub use self::need::Need;
pub use self::source::{Seek, StagedSource};

use self::error::store_error;
use self::films::Films;
use self::remote::Remote;
use self::source::Keeps;
use crate::toolbox::{Fault, RunError, Scratch, Toolbox};

/// How much room staged films may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StagingConfig {
    /// Where staged films lie.
    pub folder: PathBuf,
    /// Disk space of staged films altogether, MiB.
    pub budget_mib: u64,
    /// Seconds that a film is kept which nobody uses, lest the next task fetch it again.
    pub keep_s: u64,
}

impl Default for StagingConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("staging"),
            budget_mib: 20 * 1024,
            keep_s: 60,
        }
    }
}

/// Looking for films that nobody uses is of no use more often than this.
const TIDY: Duration = Duration::from_secs(1);

/// Film that is rather decoded in vain than given an index.
const SHORT_SKIP: Micros = Micros::from_secs(20);

/// Stages films and keeps what is still of use. Share it in an `Arc`, one per process.
#[derive(Debug)]
pub struct Staging {
    blobs: Arc<dyn Blobs>,
    tools: Arc<Toolbox>,
    folder: Scratch,
    budget: u64,
    keep: Duration,
    films: Mutex<Films>,
    /// Held by the one that makes an index.
    indexing: Mutex<()>,
}

impl Staging {
    /// Staged films lie in `config.folder`; what an earlier process left there is removed.
    pub fn new(
        blobs: Arc<dyn Blobs>,
        tools: Arc<Toolbox>,
        config: &StagingConfig,
    ) -> Result<Self, StageError> {
        let folder = Scratch::open(&config.folder).map_err(StageError::Machine)?;
        let budget = config.budget_mib.saturating_mul(1024 * 1024);
        Ok(Self {
            blobs,
            tools,
            folder,
            budget,
            keep: Duration::from_secs(config.keep_s),
            films: Mutex::default(),
            indexing: Mutex::default(),
        })
    }

    /// Lets go of films that nobody has used for long; how soon to look again.
    pub async fn tidy(&self) -> Duration {
        self.films.lock().await.let_go(self.keep);
        self.keep.max(TIDY) / 2
    }

    /// Brings what `need` says of the object `key` to the local disk. On a store on this machine
    /// nothing is copied, except once for containers without an index.
    pub async fn open(
        &self,
        key: &str,
        need: &Need,
        cancel: &CancellationToken,
    ) -> Result<Arc<StagedSource>, StageError> {
        let source = tokio::select! {
            () = cancel.cancelled() => return Err(StageError::Normalise(RunError::Cancelled)),
            source = self.bring(key, need) => Arc::new(source?),
        };
        match need {
            Need::Span { streams, skip, .. }
                if source.seek == Seek::FromStart && *skip > SHORT_SKIP =>
            {
                self.with_index(key, source, streams, cancel).await
            }
            _ => Ok(source),
        }
    }

    /// Opens the object `key` for `need` and works on it. What fails on a part of a film is done
    /// once more on the whole of it: the index that told which part is needed may be wrong.
    pub async fn work_on<T, E, F>(
        &self,
        key: &str,
        need: &Need,
        cancel: &CancellationToken,
        work: impl Fn(Arc<StagedSource>) -> F + Send,
    ) -> Result<Result<T, E>, StageError>
    where
        E: WorkError + std::fmt::Display,
        F: Future<Output = Result<T, E>> + Send,
    {
        let source = self.open(key, need, cancel).await?;
        let is_whole = source.is_whole();
        match work(source).await {
            Err(error) if !is_whole && error.may_be_the_index() => {
                tracing::warn!(key, error = %error, "failed on a part of the film: fetching all of it");
                let source = self.open(key, &Need::Whole, cancel).await?;
                Ok(work(source).await)
            }
            outcome => Ok(outcome),
        }
    }

    async fn bring(&self, key: &str, need: &Need) -> Result<StagedSource, StageError> {
        if let Some(path) = self.blobs.local_path(key).await.map_err(store_error)? {
            let (head, size) = head_of(&path).await.map_err(StageError::Machine)?;
            return Ok(StagedSource::local(path, accepted(&head, size)?, size));
        }
        let remote = self.remote(key).await?;
        let whole = remote.bring(&*self.blobs, need).await?;
        let local = StagedSource::local(remote.path().to_owned(), remote.demuxer, remote.size);
        Ok(StagedSource {
            whole,
            _keeps: Some(Keeps::Remote(remote)),
            ..local
        })
    }

    /// The film's file, new and empty where there is none yet.
    async fn remote(&self, key: &str) -> Result<Arc<Remote>, StageError> {
        let mut films = self.films.lock().await;
        if let Some(kept) = films.remote(key) {
            return Ok(kept);
        }
        let size = self.blobs.head(key).await.map_err(store_error)?.size;
        let head = match size {
            0 => bytes::Bytes::new(),
            _ => self
                .blobs
                .get_range(key, 0..HEAD_BYTES as u64)
                .await
                .map_err(store_error)?,
        };
        let demuxer = accepted(&head, size)?;
        if size > self.budget {
            return Err(StageError::NoRoom {
                size,
                budget: self.budget,
            });
        }
        films
            .make_room(self.budget.saturating_sub(size))
            .await
            .map_err(StageError::Machine)?;
        let name = films.next_name();
        let remote = Remote::new(key, self.folder.path(), &name, demuxer, size)
            .map_err(StageError::Machine)?;
        let what = Arc::new(remote);
        films.keep_remote(key, &what);
        Ok(what)
    }

    /// The same film with an index; as it is where none can be made.
    async fn with_index(
        &self,
        key: &str,
        source: Arc<StagedSource>,
        streams: &[u32],
        cancel: &CancellationToken,
    ) -> Result<Arc<StagedSource>, StageError> {
        // Everyone who needs it waits for the one that makes it.
        let _one_at_a_time = self.indexing.lock().await;
        let name = (key.to_owned(), streams.to_vec());
        if let Some(made) = self.films.lock().await.indexed(&name) {
            return Ok(made);
        }
        let room = self.budget.saturating_sub(source.size);
        self.films
            .lock()
            .await
            .make_room(room)
            .await
            .map_err(StageError::Machine)?;
        let made = normalise::with_index(&self.tools, &source, streams, cancel).await;
        let what = match made {
            Ok(indexed) => Arc::new(indexed),
            Err(error) if error.fault() == Fault::Source => {
                tracing::warn!(error = %error, "no index can be made: decoding from the start");
                source
            }
            Err(error) => return Err(StageError::Normalise(error)),
        };
        self.films.lock().await.keep_indexed(name, &what);
        Ok(what)
    }
}

/// The first bytes of a file, and its size.
async fn head_of(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let file = tokio::fs::File::open(path).await?;
    let size = file.metadata().await?.len();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).await?;
    Ok((head, size))
}

/// The demuxer for a file that is let in.
fn accepted(head: &[u8], size: u64) -> Result<Demuxer, StageError> {
    if size == 0 {
        return Err(StageError::Empty);
    }
    sniff::demuxer(head).ok_or(StageError::NotMedia)
}
