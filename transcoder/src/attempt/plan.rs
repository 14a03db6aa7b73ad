//! Planning: examine the source, decide, write the manifests, tell everyone.

use bytes::Bytes;
use media::plan::ObjectRef;
use media::{Plan, Source, dash, hls};
use tracing::{Instrument as _, info, info_span};

use super::{Failure, Job};
use crate::domain::renditions;
use crate::store::{PlanFacts, Problem};

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
        self.within_length(&source).await?;
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

impl Job<'_> {
    /// Refuses what is longer than its owner may upload.
    async fn within_length(&self, source: &Source) -> Result<(), Failure> {
        let film = self.shop.store.film(&self.claim.film).await?;
        let longest_s = film.map_or(0, |film| film.longest_s);
        let seconds = source.duration.0 / 1_000_000;
        if longest_s == 0 || seconds <= i64::from(longest_s) {
            return Ok(());
        }
        Err(Failure::Refused(Problem {
            kind: "film-too-long".to_owned(),
            title: "The film is too long".to_owned(),
            detail: format!(
                "It lasts {}, and yours may last {}: upload a part of it, or ask an admin for more.",
                lasting(seconds),
                lasting(i64::from(longest_s))
            ),
            of_source: true,
        }))
    }
}

/// `1 h 5 min 20 s`.
fn lasting(seconds: i64) -> String {
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    parts.join(" ")
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
