//! Taking a deleted film from an edge.

use super::{Outcome, WorkError, Workshop};
use crate::store::Job;

impl Workshop {
    pub(super) async fn purge(&self, job: &Job) -> Result<Outcome, WorkError> {
        let place = self.edges.place(&job.edge, &job.video, None).await?;
        self.edges.remove(&place).await?;
        Ok(Outcome::DONE)
    }
}
