//! The queue's promises, with a clock that a test moves.

mod claiming;
mod failing;
mod fencing;
mod replacing;
mod transitions;
mod wanting;

use crate::domain::Work;
use crate::store::{Claim, Made};

/// What an encoder would have made of the task: 1,000 bytes a segment.
fn made(claim: &Claim) -> Vec<Made> {
    let segments = claim.work.segments();
    let tracks = claim.work.tracks();
    let outputs = tracks.iter().flat_map(|track| {
        segments.clone().map(|n| Made {
            track: track.clone(),
            n,
            bytes: 1_000,
        })
    });
    outputs.collect()
}

fn video(rungs: &[&str], segments: std::ops::Range<u32>) -> Work {
    Work::Video {
        rungs: rungs.iter().map(|rung| (*rung).to_owned()).collect(),
        segments,
    }
}

fn audio(segments: std::ops::Range<u32>) -> Work {
    Work::Audio { track: 0, segments }
}
