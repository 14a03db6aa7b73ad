//! Taking a deleted film from an edge.

use super::{Outcome, WorkError, Workshop};
use crate::edges::EdgeError;
use crate::store::Job;

impl Workshop {
    pub(super) async fn purge(&self, job: &Job) -> Result<Outcome, WorkError> {
        let place = self.edges.place(&job.edge, &job.video, None).await?;
        match self.edges.remove(&place).await {
            Ok(()) => Ok(Outcome::DONE),
            Err(error @ EdgeError::Gone(_)) => {
                tracing::info!(%error, "a film needs no purging from an edge that is gone");
                Ok(Outcome::DONE)
            }
            Err(error) => Err(error.into()),
        }
    }
}
