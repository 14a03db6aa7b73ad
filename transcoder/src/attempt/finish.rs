//! Finishing: everything exists, so that what was estimated can be measured.

use media::plan::ObjectRef;
use tracing::{info, warn};

use super::plan::manifests;
use super::{Failure, Job};
use crate::domain::renditions;

impl Job<'_> {
    /// Writes the manifests anew with measured bit rates and tells that the film is complete.
    pub(super) async fn finish(&self) -> Result<(), Failure> {
        let plan = self.film.plan.as_ref().ok_or(Failure::Stale)?;
        if let Err(failure) = self.cover().await {
            // A film without a poster is a film.
            warn!(reason = failure.report(), "no cover could be taken");
        }
        let measured = self.shop.store.measured(self.film).await?;
        self.shelf.replace_all(manifests(plan, &measured)).await?;
        let facts = renditions(plan, &measured);
        self.shop
            .store
            .record_finished(self.claim, plan, facts)
            .await?;
        info!(video = %self.film.key.video, "transcoded");
        Ok(())
    }

    /// The poster of a film of sound only is its cover.
    async fn cover(&self) -> Result<(), Failure> {
        let plan = self.film.plan.as_ref().ok_or(Failure::Stale)?;
        let Some(stream) = plan.source.attached_pic.filter(|_| plan.rungs.is_empty()) else {
            return Ok(());
        };
        if self.shelf.has(&ObjectRef::Poster).await? {
            return Ok(());
        }
        let image = self.shop.studio.cover(&self.order, stream).await?;
        self.shelf.put_once(&ObjectRef::Poster, image.bytes).await?;
        Ok(())
    }
}
