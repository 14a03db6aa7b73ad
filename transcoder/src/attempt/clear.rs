//! Clearing: nothing is kept of a film whose source was refused, or that was replaced or deleted.

use tracing::info;

use super::{Failure, Job};
use crate::domain::FilmState;

impl Job<'_> {
    /// Removes what was made of the film; done once nothing is listed any more.
    pub(super) async fn clear(&self, again: bool) -> Result<(), Failure> {
        let key = &self.film.key;
        if self.film.state == FilmState::Deleted {
            // Whatever there is, also what no row speaks of.
            for folder in media::plan::all_folders(key.video.as_str()) {
                self.shelf.clear(&folder).await?;
            }
        } else {
            self.shelf.clear(&key.folder()).await?;
        }
        self.shop.store.record_cleared(self.claim, again).await?;
        info!(video = %self.claim.film.video, again, "nothing is kept of a film that was removed");
        Ok(())
    }
}
