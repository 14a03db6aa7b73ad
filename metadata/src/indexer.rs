//! Keeps the search index in step with the rows.
//!
//! A row carries the version that search should have and the one it has. The index commits first
//! and the row is marked after, so a crash in between indexes a row twice and never not at all.

use std::sync::Arc;
use std::time::Duration;

use platform_core::Lifecycle;
use platform_db::DbError;
use tracing::{error, info, warn};

use crate::StartError;
use crate::search::{Change, Document, SearchError, SearchErrorKind, SearchIndex};
use crate::store::{Pending, Store};

/// Rows that are indexed in one commit.
const BATCH: i64 = 256;
/// Changes that come within this time share a commit.
const GATHER: Duration = Duration::from_millis(50);
/// A look without an occasion, should a wake-up ever be lost, or the index be gone.
const AT_LEAST_EVERY: Duration = Duration::from_secs(10);
/// The wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// After so many failures in a row the index is taken for broken.
const PATIENCE: u32 = 5;

/// Keeps the search index in step with the rows.
pub(crate) struct Indexer {
    store: Store,
    index: Arc<dyn SearchIndex>,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// The index failed.
    #[error("the search index failed")]
    Search(#[from] SearchError),
    /// The rows cannot be read or marked.
    #[error("the catalogue cannot be read")]
    Db(#[from] DbError),
}

impl From<StepError> for StartError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Search(error) => Self::Search(error),
            StepError::Db(error) => Self::Db(error),
        }
    }
}

impl Indexer {
    pub(crate) fn new(store: Store, index: Arc<dyn SearchIndex>) -> Self {
        Self { store, index }
    }

    /// Indexes what changes until `lifecycle` drains.
    pub(crate) async fn run(self, lifecycle: Lifecycle) {
        let mut changes = self.store.changes();
        let mut failures = 0;
        loop {
            changes.borrow_and_update();
            let wait = match self.step().await {
                Ok(0) => {
                    failures = 0;
                    tokio::select! {
                        () = lifecycle.draining() => return,
                        _ = changes.changed() => GATHER,
                        () = tokio::time::sleep(AT_LEAST_EVERY) => Duration::ZERO,
                    }
                }
                Ok(_) => Duration::ZERO,
                Err(reason) => {
                    failures += 1;
                    self.recover(&reason, failures).await;
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = lifecycle.draining() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Indexes some rows that changed; says how many.
    pub(crate) async fn step(&self) -> Result<usize, StepError> {
        let id = self.index.id().await?;
        if self.store.index_id().await?.as_ref() != Some(&id) {
            info!("the search index is new: it is built from the catalogue");
            self.store.forget_indexed(&id).await?;
        }
        let pending = self.store.to_index(BATCH).await?;
        if pending.is_empty() {
            return Ok(0);
        }
        self.index
            .apply(pending.iter().map(change_of).collect())
            .await?;
        self.store.mark_indexed(&pending).await?;
        Ok(pending.len())
    }

    /// Throws away what is indexed; the next steps index everything.
    pub(crate) async fn begin_anew(&self) -> Result<(), StepError> {
        let id = self.index.clear().await?;
        Ok(self.store.forget_indexed(&id).await?)
    }

    async fn recover(&self, reason: &StepError, failures: u32) {
        // Less and less often: it may be away for hours.
        if failures.is_power_of_two() {
            warn!(
                error = shown(reason),
                failures, "the search index is behind"
            );
        }
        let StepError::Search(search) = reason else {
            return;
        };
        let broken = match search.kind() {
            SearchErrorKind::Corrupt => true,
            SearchErrorKind::Away => false,
            _ => failures >= PATIENCE,
        };
        if !broken {
            return;
        }
        error!("the search index is broken: it is built anew");
        if let Err(again) = self.begin_anew().await {
            error!(
                error = shown(&again),
                "the search index cannot be built anew"
            );
        }
    }
}

/// An error as the log takes it, with its causes.
fn shown(error: &StepError) -> &(dyn std::error::Error + 'static) {
    error
}

fn change_of(pending: &Pending) -> Change {
    let video_id = pending.video.id.to_string();
    let version = pending.version.cast_unsigned();
    match pending.video.searchable() {
        None => Change::Remove { video_id, version },
        Some((title, description, published_at_ms)) => Change::Put(Document {
            video_id,
            version,
            title: title.to_owned(),
            description: description.to_owned(),
            published_at_ms,
        }),
    }
}
