//! Taking a deleted film from the edges: at once from those that were given it, and, when the origin has
//! nothing left that could be pulled, from all.

use schemas::v1::{VideoErased, VideoPart, event::Payload};
use schemas::{NewEvent, OwnerId};

use super::{Outcome, WorkError, Workshop};
use crate::domain::part::Part;
use crate::store::Job;

/// The work of the last round; two are begun when the film is deleted.
const LAST: u32 = 2;

/// What was removed is looked for once more, and what others do is waited for.
const LOOK_AGAIN: Outcome = Outcome::Later {
    after_ms: 500,
    progress: 0,
};

impl Workshop {
    /// Takes the film from one edge, until that says that it has nothing of it.
    pub(super) async fn purge(&self, job: &Job) -> Result<Outcome, WorkError> {
        let place = self.edges.place(&job.edge, &job.video, None).await?;
        if self.edges.remove(&place).await? {
            return Ok(LOOK_AGAIN);
        }
        Ok(Outcome::DONE)
    }

    /// Finds the edges for the last round.
    pub(super) async fn uproot(&self, job: &Job) -> Result<Outcome, WorkError> {
        let edges = self.edges.all().await?;
        let last = |edge: String, part: Part| Job {
            revision: LAST,
            edge,
            part,
            video: job.video.clone(),
        };
        let purges = edges.into_iter().map(|edge| last(edge, Part::Purge));
        let gone = last(String::new(), Part::Gone);
        Ok(Outcome::Done {
            more: purges.chain([gone]).collect(),
            next: None,
        })
    }

    /// Tells that no edge has anything of the film, as soon as each has said so.
    pub(super) async fn gone(&self, job: &Job) -> Result<Outcome, WorkError> {
        if self.tasks.is_purging(&job.video).await? {
            return Ok(LOOK_AGAIN);
        }
        let erased = Payload::VideoErased(VideoErased {
            video_id: job.video.to_string(),
            part: VideoPart::Edges.into(),
            revision: 0,
        });
        let event =
            NewEvent::new(OwnerId::local(), erased).stamp(self.clock.now_ms(), &mut rand::rng());
        self.films.tell(&job.video, &event).await?;
        tracing::info!(video = %job.video, "no edge has anything of a deleted film");
        Ok(Outcome::DONE)
    }
}
