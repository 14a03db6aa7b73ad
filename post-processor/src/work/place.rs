//! Placing: which edges get the film.

use super::{Outcome, WorkError, Workshop};
use crate::domain::part::Part;
use crate::store::Job;

impl Workshop {
    pub(super) async fn place(&self, job: &Job) -> Result<Outcome, WorkError> {
        let begin = self
            .edges
            .of(&job.video)
            .await?
            .into_iter()
            .map(|edge| Job {
                edge,
                part: Part::Begin,
                ..job.clone()
            });
        let live = Job {
            part: Part::Live,
            ..job.clone()
        };
        Ok(Outcome::Done {
            more: begin.chain([live]).collect(),
            next: None,
        })
    }
}
