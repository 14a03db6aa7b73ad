//! The qualities of a film, as its manifests announce them.

use media::Plan;
use media::hls::Measured;
use media::ladder::Rung;
use media::plan::AudioTrack;
use schemas::v1::Rendition;

/// The renditions of `plan` with the bit rates of `measured`, or estimated ones where there are
/// none: one a rung, or one for a film of sound only.
pub(crate) fn renditions(plan: &Plan, measured: &Measured) -> Vec<Rendition> {
    let sound = plan.audio.first();
    if plan.rungs.is_empty() {
        return sound
            .map(|track| sound_only(track, measured))
            .into_iter()
            .collect();
    }
    let rate = plan.grid.frame_rate;
    let codecs = |rung: &Rung| match sound {
        Some(_) => format!("{},{}", rung.codec, AudioTrack::CODEC),
        None => rung.codec.clone(),
    };
    let rendition = |rung: &Rung| Rendition {
        name: rung.name.clone(),
        width: rung.size.width,
        height: rung.size.height,
        frame_rate_num: rate.num(),
        frame_rate_den: rate.den(),
        codecs: codecs(rung),
        bandwidth: measured.variant(plan, rung).peak,
    };
    plan.rungs.iter().map(rendition).collect()
}

fn sound_only(track: &AudioTrack, measured: &Measured) -> Rendition {
    Rendition {
        name: "audio".to_owned(),
        codecs: AudioTrack::CODEC.to_owned(),
        bandwidth: measured.track(0, track).peak,
        ..Rendition::default()
    }
}
