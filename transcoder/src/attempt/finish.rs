//! Finishing: everything exists, so that what was estimated can be measured.

use bytes::Bytes;
use media::Plan;
use media::plan::ObjectRef;
use tracing::{info, warn};

use super::plan::manifests;
use super::{Failure, Job};
use crate::domain::renditions;

impl Job<'_> {
    /// Writes the manifests anew with measured bit rates and tells that the film is complete.
    pub(super) async fn finish(&self) -> Result<(), Failure> {
        let plan = self.film.plan.as_ref().ok_or(Failure::Stale)?;
        if let Err(failure) = self.poster(plan).await {
            // A film without a poster is a film.
            warn!(reason = failure.report(), "no poster could be made");
        }
        self.subtitles(plan).await?;
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

    /// The subtitles. The manifests name them, so that those that cannot be made are empty.
    async fn subtitles(&self, plan: &Plan) -> Result<(), Failure> {
        let names: Vec<_> = plan.text_subtitles().map(|(name, _)| name).collect();
        if names.is_empty() {
            return Ok(());
        }
        let texts = match self.shop.studio.subtitles(&self.order, plan).await {
            Ok(texts) => texts,
            Err(failure @ (Failure::Stale | Failure::Stopped | Failure::Away(_))) => {
                return Err(failure);
            }
            Err(failure) => {
                warn!(reason = failure.report(), "no subtitles could be made");
                vec![Bytes::from_static(b"WEBVTT\n"); names.len()]
            }
        };
        for (name, text) in names.into_iter().zip(texts) {
            let object = ObjectRef::Subtitles(name.to_owned());
            self.shelf.put_once(&object, text).await?;
        }
        Ok(())
    }

    /// The poster of a film of sound only. Others have theirs from their first frames.
    async fn poster(&self, plan: &Plan) -> Result<(), Failure> {
        if !plan.rungs.is_empty() || self.shelf.has(&ObjectRef::Poster).await? {
            return Ok(());
        }
        let image = self.shop.studio.poster(&self.order, plan).await?;
        self.shelf.put_once(&ObjectRef::Poster, image.bytes).await?;
        Ok(())
    }
}
