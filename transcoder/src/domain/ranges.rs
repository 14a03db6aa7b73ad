//! What is there and what is missing, as runs.

use std::collections::BTreeMap;
use std::ops::Range;

use media::Grid;

use super::{Bitmap, Track};

/// The part of `segments` × `tracks` that still has to be made: tracks that lack something, and
/// the run from their first gap to their last. `None` when everything is there.
pub(crate) fn missing(
    ready: &BTreeMap<Track, Bitmap>,
    tracks: &[Track],
    segments: Range<u32>,
) -> Option<(Vec<Track>, Range<u32>)> {
    let has = |track: &Track, n: u32| ready.get(track).is_some_and(|set| set.contains(n));
    let lacking: Vec<Track> = tracks
        .iter()
        .filter(|track| segments.clone().any(|n| !has(track, n)))
        .cloned()
        .collect();
    let gap = |n: &u32| lacking.iter().any(|track| !has(track, *n));
    let first = segments.clone().find(gap)?;
    let last = segments.rev().find(gap)?;
    Some((lacking, first..last + 1))
}

/// The spans of time, in seconds, that `set` covers.
pub(crate) fn ready_spans(grid: &Grid, set: &Bitmap) -> Vec<[f64; 2]> {
    let at = |n| grid.boundary_time(n).as_secs_f64();
    set.runs(grid.segment_count)
        .into_iter()
        .map(|run| [at(run.start), at(run.end)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(rung: &str) -> Track {
        Track::Video(rung.to_owned())
    }

    fn set(members: &[u32]) -> Bitmap {
        let mut set = Bitmap::default();
        for n in members {
            set.insert(*n);
        }
        set
    }

    #[test]
    fn a_task_makes_only_what_is_not_there() {
        let ready = BTreeMap::from([
            (video("240p"), set(&[0, 1, 2, 3, 4])),
            (video("360p"), set(&[0, 2])),
        ]);
        let tracks = [video("240p"), video("360p"), video("480p")];
        assert_eq!(
            missing(&ready, &tracks, 0..5),
            Some((vec![video("360p"), video("480p")], 0..5))
        );
        assert_eq!(
            missing(&ready, &tracks[..2], 0..3),
            Some((vec![video("360p")], 1..2))
        );
        assert_eq!(missing(&ready, &tracks[..1], 0..5), None);
    }
}
