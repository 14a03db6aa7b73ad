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
        let mut objects = manifests(&plan, &unmeasured);
        objects.extend(playlists(&plan));
        objects.push((ObjectRef::Plan, Bytes::from(json.clone())));
        self.shelf.replace_all(objects).await?;
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
}

fn playlists(plan: &Plan) -> impl Iterator<Item = (ObjectRef, Bytes)> + '_ {
    let video = plan.rungs.iter().map(|rung| {
        let object = ObjectRef::VideoPlaylist(rung.name.clone());
        (object, Bytes::from(hls::video_playlist(plan)))
    });
    let audio = plan.track_numbers().map(|track| {
        let object = ObjectRef::AudioPlaylist(track);
        (object, Bytes::from(hls::audio_playlist(plan)))
    });
    let subtitles = plan.text_subtitles().map(|(name, _)| {
        let object = ObjectRef::SubtitlePlaylist(name.to_owned());
        (object, Bytes::from(hls::subtitle_playlist(plan, name)))
    });
    video.chain(audio).chain(subtitles)
}

/// What lists the renditions, with the bit rates that are known by now.
pub(super) fn manifests(plan: &Plan, measured: &hls::Measured) -> Vec<(ObjectRef, Bytes)> {
    vec![
        (ObjectRef::HlsMaster, hls::master(plan, measured).into()),
        (
            ObjectRef::DashManifest,
            dash::manifest(plan, measured).into(),
        ),
    ]
}
