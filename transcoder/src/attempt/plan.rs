//! Planning: examine the source, decide, write the manifests, tell everyone.

use bytes::Bytes;
use media::plan::ObjectRef;
use media::{Plan, dash, hls};
use tracing::{Instrument as _, info, info_span};

use super::{Failure, Job};
use crate::domain::renditions;
use crate::store::PlanFacts;

impl Job<'_> {
    /// Makes the plan. All that lies in the store before the plan is recorded is written anew by
    /// whoever does it again.
    pub(super) async fn plan(&self) -> Result<(), Failure> {
        let key = &self.claim.film;
        let source = self
            .shop
            .studio
            .probe(&self.order)
            .instrument(info_span!("transcode.probe"))
            .await?;
        let plan = Plan::build(key.video.as_str(), key.revision, &source, &self.shop.plans)?;
        let json = plan.to_json().map_err(Failure::ours)?;
        let unmeasured = hls::Measured::default();
        self.shelf
            .replace(&ObjectRef::Plan, Bytes::from(json.clone()))
            .await?;
        self.playlists(&plan).await?;
        self.manifests(&plan, &unmeasured).await?;
        let facts = PlanFacts {
            json: String::from_utf8(json).map_err(Failure::ours)?,
            renditions: renditions(&plan, &unmeasured),
        };
        self.shop
            .store
            .record_plan(self.claim, &plan, facts)
            .await?;
        info!(
            video = %key.video,
            segments = plan.segment_total(),
            rungs = plan.rungs.len(),
            "planned"
        );
        Ok(())
    }

    async fn playlists(&self, plan: &Plan) -> Result<(), Failure> {
        for rung in &plan.rungs {
            let object = ObjectRef::VideoPlaylist(rung.name.clone());
            let playlist = hls::video_playlist(plan);
            self.shelf.replace(&object, playlist.into()).await?;
        }
        for track in plan.track_numbers() {
            let playlist = hls::audio_playlist(plan);
            self.shelf
                .replace(&ObjectRef::AudioPlaylist(track), playlist.into())
                .await?;
        }
        Ok(())
    }

    /// Writes what lists the renditions, with the bit rates that are known by now.
    pub(super) async fn manifests(
        &self,
        plan: &Plan,
        measured: &hls::Measured,
    ) -> Result<(), Failure> {
        self.shelf
            .replace(&ObjectRef::HlsMaster, hls::master(plan, measured).into())
            .await?;
        self.shelf
            .replace(
                &ObjectRef::DashManifest,
                dash::manifest(plan, measured).into(),
            )
            .await
    }
}
