//! Doing what is to be done: claim, work, end the claim.

mod begin;
mod live;
mod place;
mod purge;
mod rest;
mod retire;
mod run;
mod verify;

use std::sync::Arc;

use media::Plan;
use media::plan::{ObjectRef, PlanReadError, folder};
use platform_auth::PlaybackKey;
use platform_blob::{BlobError, Blobs};
use platform_core::{Clock, Lifecycle};

use crate::domain::part::Part;
use crate::edges::{EdgeError, Edges};
use crate::store::{Claim, Films, Job, StoreError, Tasks};
pub(crate) use run::{Limits, Wake, run};
use verify::VerifyError;

/// Work that could not be done now. All of it is tried again: a film that is deleted loses its
/// work with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    /// Rows cannot be read or written.
    #[error("the rows of the post-processor cannot be used")]
    Store(#[from] StoreError),
    /// An object cannot be read.
    #[error("the object {key} cannot be read")]
    Object {
        /// Which.
        key: String,
        /// Why.
        #[source]
        source: BlobError,
    },
    /// The plan cannot be read.
    #[error("the plan cannot be read")]
    Plan(#[from] PlanReadError),
    /// An edge failed.
    #[error("an edge did not do what it was asked")]
    Edge(#[from] EdgeError),
    /// An edge does not serve the film as it should.
    #[error("the film does not play from the edge")]
    Verify(#[from] VerifyError),
}

/// How work ended that did not fail.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// For good; this comes next.
    Done { more: Vec<Job>, next: Option<Part> },
    /// Not yet, as far as `progress`.
    Later { after_ms: i64, progress: u32 },
    /// It is somebody else's now.
    Lost,
    /// Its edge is gone: the film may belong on others now.
    Unplaced,
}

impl Outcome {
    const DONE: Self = Self::Done {
        more: Vec::new(),
        next: None,
    };
}

/// What all work needs. Clones share it.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) films: Films,
    pub(crate) tasks: Tasks,
    pub(crate) edges: Edges,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) playback: PlaybackKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifecycle: Lifecycle,
    /// How long a film that was replaced can be played on, in milliseconds.
    pub(crate) keep_replaced_ms: i64,
}

impl Workshop {
    async fn work(&self, claim: &Claim) -> Result<Outcome, WorkError> {
        match self.do_part(claim).await {
            Err(WorkError::Edge(EdgeError::Gone(edge))) => {
                tracing::info!(edge, "an edge is gone, and its work with it");
                Ok(Outcome::Unplaced)
            }
            outcome => outcome,
        }
    }

    async fn do_part(&self, claim: &Claim) -> Result<Outcome, WorkError> {
        match &claim.job.part {
            Part::Place => self.place(&claim.job).await,
            Part::Begin => self.begin(&claim.job).await,
            Part::Live => self.live(claim).await,
            Part::Rest => self.rest(&claim.job).await,
            Part::Purge => self.purge(&claim.job).await,
            Part::Uproot => self.uproot(&claim.job).await,
            Part::Gone => self.gone(&claim.job).await,
            Part::Retire => self.retire(&claim.job).await,
            Part::Sweep => self.sweep(&claim.job).await,
            Part::Drop => self.drop_from(claim).await,
            Part::Swept => self.swept(&claim.job).await,
            Part::Manifests | Part::Images | Part::Rung(_) | Part::Track(_) => {
                self.bring(claim).await
            }
        }
    }

    async fn plan(&self, job: &Job) -> Result<Plan, WorkError> {
        let key = key(job, &ObjectRef::Plan);
        match self.blobs.get(&key).await {
            Ok(json) => Ok(Plan::from_json(&json)?),
            Err(source) => Err(WorkError::Object { key, source }),
        }
    }
}

/// The key of an object of the film that `job` is about.
fn key(job: &Job, object: &ObjectRef) -> String {
    format!("{}{object}", folder(job.video.as_str(), job.revision))
}
