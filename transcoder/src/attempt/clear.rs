//! Clearing: nothing is kept of a film whose source was refused, or that was replaced or deleted.

use tracing::info;

use super::{Failure, Job};

impl Job<'_> {
    /// Removes what was made of the film; done once nothing is listed any more.
    pub(super) async fn clear(&self, again: bool) -> Result<(), Failure> {
        self.shelf.clear().await?;
        self.shop.store.record_cleared(self.claim, again).await?;
        info!(video = %self.claim.film.video, again, "nothing is kept of a film that was removed");
        Ok(())
    }
}
