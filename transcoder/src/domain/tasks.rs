//! Which tasks a plan becomes.

use std::ops::Range;

use media::plan::SegmentRef;
use media::{Micros, Plan};

use super::{Priority, Work};

/// Sound costs little, so that a task of it may be long.
const AUDIO_PIECE: Micros = Micros::from_secs(60);

/// How far ahead of a waiting player the bulk tasks are hurried.
const AHEAD: Micros = Micros::from_secs(60);

/// A task that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewTask {
    /// What it does.
    pub(crate) work: Work,
    /// How soon.
    pub(crate) priority: Priority,
}

/// All tasks of a film: first its first segments, one task each, so that the first frame costs what
/// one segment costs; then wide ones that decode once for every rung. `lowest_first` puts wide tasks
/// of the lowest rung alone before them, which then find that rung made: the film can be watched to
/// its end sooner, for a second decode.
pub(crate) fn planned(plan: &Plan, lowest_first: bool) -> Vec<NewTask> {
    let mut tasks = Vec::new();
    if let Some(lowest) = plan.rungs.first() {
        tasks.push(NewTask {
            work: Work::Video {
                rungs: vec![lowest.name.clone()],
                segments: 0..1,
            },
            priority: Priority::First,
        });
    }
    tasks.extend(plan.track_numbers().map(|track| NewTask {
        work: Work::Audio {
            track,
            segments: 0..1,
        },
        priority: Priority::First,
    }));
    let rungs: Vec<String> = plan.rungs.iter().map(|rung| rung.name.clone()).collect();
    match rungs.as_slice() {
        [] => {}
        [lowest, _, ..] if lowest_first => {
            tasks.extend(wide(plan, std::slice::from_ref(lowest), |_| {
                Priority::Start
            }));
            tasks.extend(wide(plan, &rungs, |_| Priority::Bulk));
        }
        _ => tasks.extend(wide(plan, &rungs, |run| run_priority(run, lowest_first))),
    }
    for track in plan.track_numbers() {
        tasks.extend(audio_pieces(plan).map(|segments| NewTask {
            priority: run_priority(&segments, lowest_first),
            work: Work::Audio { track, segments },
        }));
    }
    tasks
}

fn wide(
    plan: &Plan,
    rungs: &[String],
    priority: impl Fn(&Range<u32>) -> Priority,
) -> impl Iterator<Item = NewTask> {
    plan.grid.chunks().map(move |segments| NewTask {
        priority: priority(&segments),
        work: Work::Video {
            rungs: rungs.to_vec(),
            segments,
        },
    })
}

/// How soon a run is made of what a film without haste goes live with, or of anything else.
fn run_priority(segments: &Range<u32>, lowest_first: bool) -> Priority {
    if lowest_first {
        Priority::Start
    } else {
        bulk_priority(segments)
    }
}

fn bulk_priority(segments: &Range<u32>) -> Priority {
    // Segment 0 of sound has a task of its own, so that its first piece starts at 1.
    if segments.start <= 1 {
        Priority::Start
    } else {
        Priority::Bulk
    }
}

/// Segments that last about `span`, at least one.
fn segments_in(plan: &Plan, span: Micros) -> u32 {
    let segment = plan.grid.boundary_time(1).0.max(1);
    u32::try_from(span.0 / segment).unwrap_or(u32::MAX).max(1)
}

fn audio_pieces(plan: &Plan) -> impl Iterator<Item = Range<u32>> + '_ {
    let (step, end) = (segments_in(plan, AUDIO_PIECE), plan.grid.segment_count);
    // The first segment has a task of its own; a film of one segment needs no other.
    let mut next = u32::from(end > 1);
    std::iter::from_fn(move || {
        (next < end && end > 1).then(|| {
            let start = next;
            next = next.saturating_add(step).min(end);
            start..next
        })
    })
}

/// What to encode for a player that waits for `segment`: it, and the default sound of that moment.
pub(crate) fn wanted(plan: &Plan, segment: &SegmentRef) -> Vec<NewTask> {
    let n = segment.number();
    let segments = n..n.saturating_add(1);
    let sound = |track| Work::Audio {
        track,
        segments: segments.clone(),
    };
    let mut works = Vec::new();
    match segment {
        SegmentRef::Video { rung, .. } => {
            works.push(Work::Video {
                rungs: vec![rung.clone()],
                segments: segments.clone(),
            });
            works.extend((!plan.audio.is_empty()).then(|| sound(0)));
        }
        SegmentRef::Audio { track, .. } => works.push(sound(*track)),
    }
    let wanted = |work| NewTask {
        work,
        priority: Priority::Wanted,
    };
    works.into_iter().map(wanted).collect()
}

/// The segments that a player who waits for `segment` will want next.
pub(crate) fn bulk_after(plan: &Plan, segment: u32) -> Range<u32> {
    segment..segment.saturating_add(segments_in(plan, AHEAD))
}
