//! Letting go of revisions whose film stays. What was replaced goes in three steps: everyone is told;
//! when nothing of it is stored, so that no edge can pull it again, it is taken from all edges; then that
//! is told. What was refused is not stored any more when its turn comes here.

use schemas::v1::{VideoErased, VideoPart, VideoReplaced, event::Payload};
use schemas::{NewEvent, OwnerId};

use super::{Outcome, WorkError, Workshop};
use crate::domain::part::Part;
use crate::store::{Claim, Job, LEASE_MS};

/// What was removed is looked for once more, and what others do is waited for.
const AGAIN_AFTER_MS: i64 = 500;

impl Workshop {
    /// Tells that nobody plays what the revision of `job` replaced any more.
    pub(super) async fn retire(&self, job: &Job) -> Result<Outcome, WorkError> {
        let replaced = Payload::VideoReplaced(VideoReplaced {
            video_id: job.video.to_string(),
            revision: job.revision,
        });
        let event =
            NewEvent::new(OwnerId::local(), replaced).stamp(self.clock.now_ms(), &mut rand::rng());
        self.films.retire(&job.video, job.revision, &event).await?;
        Ok(Outcome::DONE)
    }

    /// Finds the edges that may have something of the revision: any may have pulled it.
    pub(super) async fn sweep(&self, job: &Job) -> Result<Outcome, WorkError> {
        let drops = self.edges.all().await?.into_iter().map(|edge| Job {
            edge,
            part: Part::Drop,
            ..job.clone()
        });
        let swept = Job {
            part: Part::Swept,
            ..job.clone()
        };
        Ok(Outcome::Done {
            more: drops.chain([swept]).collect(),
            next: None,
        })
    }

    /// Takes the revision from one edge: now, and once more when nobody can be bringing it there any
    /// more who did not hear that it is gone.
    pub(super) async fn drop_from(&self, claim: &Claim) -> Result<Outcome, WorkError> {
        let Job {
            video,
            revision,
            edge,
            ..
        } = &claim.job;
        let place = self.edges.place(edge, video, Some(*revision)).await?;
        let later = |after_ms, progress| Ok(Outcome::Later { after_ms, progress });
        match (self.edges.remove(&place).await?, claim.progress) {
            (true, progress) => later(AGAIN_AFTER_MS, progress),
            (false, 0) => later(LEASE_MS, 1),
            (false, _) => Ok(Outcome::DONE),
        }
    }

    /// Tells that no edge has anything of the revision, as soon as each has said so.
    pub(super) async fn swept(&self, job: &Job) -> Result<Outcome, WorkError> {
        if self.tasks.is_dropping(job).await? {
            return Ok(Outcome::Later {
                after_ms: AGAIN_AFTER_MS,
                progress: 0,
            });
        }
        let erased = Payload::VideoErased(VideoErased {
            video_id: job.video.to_string(),
            part: VideoPart::Edges.into(),
            revision: job.revision,
        });
        let event =
            NewEvent::new(OwnerId::local(), erased).stamp(self.clock.now_ms(), &mut rand::rng());
        self.films.forget(job, &event).await?;
        tracing::info!(video = %job.video, revision = job.revision, "no edge has anything of a revision");
        Ok(Outcome::Lost)
    }
}
