//! Bringing edges everything, in the background.

use super::{Outcome, WorkError, Workshop};
use crate::domain::part::Part;
use crate::store::{Claim, Job};

/// Objects after which a claim is renewed and progress is kept.
const STEP: usize = 32;

impl Workshop {
    /// Finds out what there is to bring where.
    pub(super) async fn rest(&self, job: &Job) -> Result<Outcome, WorkError> {
        let parts = Part::all_of(&self.plan(job).await?);
        let edges = self.edges.of(&job.video).await?;
        let more = edges.iter().flat_map(|edge| {
            parts.iter().map(|part| Job {
                edge: edge.clone(),
                part: part.clone(),
                ..job.clone()
            })
        });
        Ok(Outcome::Done {
            more: more.collect(),
            next: None,
        })
    }

    /// Brings one part to one edge, object after object so that viewers come first, from where an
    /// earlier attempt got to.
    pub(super) async fn bring(&self, claim: &Claim) -> Result<Outcome, WorkError> {
        let job = &claim.job;
        let objects = job.part.objects(&self.plan(job).await?);
        let place = self
            .edges
            .place(&job.edge, &job.video, Some(job.revision))
            .await?;
        let mut brought = claim.progress;
        let start = usize::try_from(brought).unwrap_or(usize::MAX);
        let left = objects.get(start..).unwrap_or_default();
        for step in left.chunks(STEP) {
            for object in step {
                if self.lifecycle.is_draining() {
                    return Ok(Outcome::Later {
                        after_ms: 0,
                        progress: brought,
                    });
                }
                self.bring_one(job, &place, object.clone()).await?;
                brought += 1;
            }
            if !self.tasks.reached(claim, brought).await? {
                return Ok(Outcome::Lost);
            }
        }
        Ok(Outcome::DONE)
    }
}
