//! Keeps the search index in step with the rows.
//!
//! A row carries the version that search should have and the one it has. The index commits first
//! and the row is marked after, so a crash in between indexes a row twice and never not at all.

use std::sync::Arc;
use std::time::Duration;

use platform_core::Lifecycle;
use platform_core::backoff::Backoff;
use platform_db::DbError;
use tracing::{error, info, warn};

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

/// How long a rebuild waits for a server that is away or has too much to do, some two minutes:
/// what it has done by then may have taken hours.
const FILLING: Backoff = Backoff {
    first: Duration::from_millis(200),
    limit: Duration::from_secs(10),
    attempts: 20,
};

/// Keeps the search index in step with the rows.
#[derive(Debug)]
pub(crate) struct Indexer {
    store: Store,
    index: Arc<dyn SearchIndex>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    /// Videos in the new index.
    pub(crate) videos: u64,
    /// Rows that were looked at; those of videos that are gone too.
    pub(crate) rows: u64,
    /// Rows there were at the beginning.
    pub(crate) of: u64,
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

impl Indexer {
    pub(crate) fn new(store: Store, index: Arc<dyn SearchIndex>) -> Self {
        Self { store, index }
    }

    /// Indexes what changes until `lifecycle` drains.
    pub(crate) async fn run(self: Arc<Self>, lifecycle: Lifecycle) {
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
    async fn step(&self) -> Result<usize, StepError> {
        let id = self.index.id().await?;
        if !self.store.knows_index(&id).await? {
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

    /// Builds another index beside the one that answers and puts it into its place; says how many
    /// videos are in it. Any number of processes may go on indexing meanwhile: whoever marks a row
    /// as indexed wrote it to the new index too, or read it before that began, so that it is seen
    /// here.
    pub(crate) async fn rebuild(&self, tell: impl Fn(Progress)) -> Result<u64, StepError> {
        // An index that is gone is made first.
        self.index.id().await?;
        let next = self.index.begin_next().await?;
        let mut progress = Progress {
            of: self.store.count_searched().await?.cast_unsigned(),
            ..Progress::default()
        };
        let mut after = String::new();
        loop {
            tell(progress);
            let rows = self.store.searched(&after, BATCH).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.video.id.to_string();
            let changes: Vec<Change> = rows.iter().map(change_of).collect();
            let put = |change: &&Change| matches!(change, Change::Put(_));
            progress.videos += changes.iter().filter(put).count() as u64;
            progress.rows += changes.len() as u64;
            self.fill(&next, &changes).await?;
        }
        self.store.expect_index(&next).await?;
        self.index.switch_to(&next).await?;
        Ok(progress.videos)
    }

    /// Writes to the index that is built, in the end also when it is away in between.
    async fn fill(&self, next: &str, changes: &[Change]) -> Result<(), SearchError> {
        let mut attempt = 1;
        loop {
            let Err(error) = self.index.fill(next, changes.to_vec()).await else {
                return Ok(());
            };
            let pause = FILLING.delay(attempt, &mut rand::rng());
            let Some(pause) = pause.filter(|_| error.kind() == SearchErrorKind::Away) else {
                return Err(error);
            };
            if attempt.is_power_of_two() {
                let error: &dyn std::error::Error = &error;
                warn!(error, attempt, "the rebuild of the search index waits");
            }
            tokio::time::sleep(pause.max(error.wait().unwrap_or_default())).await;
            attempt += 1;
        }
    }

    /// Throws away what is indexed; the next steps index everything.
    async fn begin_anew(&self) -> Result<(), StepError> {
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
    match pending.video.searched() {
        None => Change::Remove { video_id, version },
        Some(searched) => Change::Put(Document {
            video_id,
            version,
            owner: searched.owner.as_str().to_owned(),
            public: searched.public,
            title: searched.title,
            description: searched.text,
            published_at_ms: searched.at_ms,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use platform_db::Db;

    use super::*;
    use crate::search::{Listed, Page, Query, TantivyIndex};
    use crate::store;

    /// An index that is away for some calls of `fill`.
    #[derive(Debug)]
    struct Busy {
        index: TantivyIndex,
        away: AtomicU32,
        kind: SearchErrorKind,
    }

    #[async_trait]
    impl SearchIndex for Busy {
        async fn id(&self) -> Result<String, SearchError> {
            self.index.id().await
        }

        async fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
            self.index.apply(changes).await
        }

        async fn search(&self, query: Query) -> Result<Page, SearchError> {
            self.index.search(query).await
        }

        async fn list(&self, after: &str, limit: usize) -> Result<Vec<Listed>, SearchError> {
            self.index.list(after, limit).await
        }

        async fn clear(&self) -> Result<String, SearchError> {
            self.index.clear().await
        }

        async fn begin_next(&self) -> Result<String, SearchError> {
            self.index.begin_next().await
        }

        async fn fill(&self, next: &str, changes: Vec<Change>) -> Result<(), SearchError> {
            let less = |left: u32| left.checked_sub(1);
            let (store, load) = (Ordering::Relaxed, Ordering::Relaxed);
            if self.away.fetch_update(store, load, less).is_ok() {
                return Err(SearchError::new(self.kind, "too many requests"));
            }
            self.index.fill(next, changes).await
        }

        async fn switch_to(&self, next: &str) -> Result<(), SearchError> {
            self.index.switch_to(next).await
        }
    }

    async fn rebuilt(kind: SearchErrorKind) -> Result<u64, StepError> {
        let folder = tempfile::tempdir().unwrap();
        let life = Lifecycle::new();
        let db = Db::open_sqlite(&folder.path().join("rows.db"), &life)
            .await
            .unwrap();
        db.migrate("metadata", store::MIGRATIONS).await.unwrap();
        let film = "INSERT INTO metadata_video (video_id, owner, title, description, state,
                created_at_ms, published_at_ms, facts, version, search_version, indexed_version)
             VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 'ada', 'A film', '', 'live', 1, 1, '{}', 1, 1, 1)";
        let written: Result<(), DbError> = db
            .write(async |mut tx| {
                sqlx::query(film).execute(tx.conn()).await?;
                tx.commit().await
            })
            .await;
        written.unwrap();
        let index = Busy {
            index: TantivyIndex::open(&folder.path().join("index"))
                .await
                .unwrap(),
            away: AtomicU32::new(2),
            kind,
        };
        let indexer = Indexer::new(Store::new(&db), Arc::new(index));
        let built = indexer.rebuild(|_| {}).await;
        life.drain();
        built
    }

    #[tokio::test]
    async fn a_rebuild_waits_for_a_server_that_has_too_much_to_do() {
        assert_eq!(rebuilt(SearchErrorKind::Away).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_rebuild_ends_where_waiting_is_of_no_use() {
        assert!(rebuilt(SearchErrorKind::Corrupt).await.is_err());
    }
}
