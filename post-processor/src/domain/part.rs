//! The parts in which a film is seeded.

use std::fmt;
use std::str::FromStr;

use media::Plan;
use media::plan::{ObjectRef, SegmentRef};

/// One kind of work on a film, at an edge or at none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Find out which edges get the film.
    Place,
    /// Bring an edge what a player needs to begin, and play it.
    Begin,
    /// Take the film live when it may be.
    Live,
    /// Find out what else there is, now that everything exists.
    Rest,
    /// Bring an edge the manifests again: they tell measured bit rates now.
    Manifests,
    /// Bring an edge the pictures.
    Images,
    /// Bring an edge all of a rung.
    Rung(String),
    /// Bring an edge all of a sound track.
    Track(u32),
    /// Take a deleted film from an edge.
    Purge,
    /// Find all edges that may have something of a deleted film, now that none can pull it any more.
    Uproot,
    /// Tell that no edge has anything of it.
    Gone,
    /// Let go of the revisions that this one replaced.
    Retire,
    /// Find all edges that may have something of a revision that is gone.
    Sweep,
    /// Take a revision that is gone from an edge.
    Drop,
    /// Tell that no edge has anything of it, and forget what was done for it.
    Swept,
}

/// Work from this rank on is done when nobody waits for anything else.
pub(crate) const BACKGROUND: i64 = 10;

impl Part {
    /// The lower, the sooner.
    pub(crate) fn rank(&self) -> i64 {
        match self {
            Self::Purge
            | Self::Uproot
            | Self::Gone
            | Self::Retire
            | Self::Sweep
            | Self::Drop
            | Self::Swept => 0,
            Self::Live => 1,
            Self::Place => 2,
            Self::Begin => 3,
            Self::Rest => BACKGROUND,
            Self::Manifests => BACKGROUND + 1,
            Self::Images => BACKGROUND + 2,
            Self::Track(_) => BACKGROUND + 3,
            Self::Rung(_) => BACKGROUND + 4,
        }
    }

    /// What a complete film still has to bring to an edge.
    pub(crate) fn all_of(plan: &Plan) -> Vec<Self> {
        let rungs = plan.rungs.iter().map(|rung| Self::Rung(rung.name.clone()));
        [Self::Manifests, Self::Images]
            .into_iter()
            .chain(plan.track_numbers().map(Self::Track))
            .chain(rungs)
            .collect()
    }

    /// The objects of this part, in the order in which they are brought.
    pub(crate) fn objects(&self, plan: &Plan) -> Vec<ObjectRef> {
        let segments = 0..plan.grid.segment_count;
        match self {
            Self::Manifests => manifests(plan),
            Self::Images => [ObjectRef::Poster]
                .into_iter()
                .chain(subtitles(plan).map(ObjectRef::Subtitles))
                .chain((0..plan.grid.chunk_count()).map(ObjectRef::Hover))
                .filter(|object| plan.contains(object))
                .collect(),
            Self::Rung(rung) => [ObjectRef::VideoInit(rung.clone())]
                .into_iter()
                .chain(segments.map(|n| {
                    let rung = rung.clone();
                    SegmentRef::Video { rung, n }.into()
                }))
                .collect(),
            Self::Track(track) => [ObjectRef::AudioInit(*track)]
                .into_iter()
                .chain(segments.map(|n| SegmentRef::Audio { track: *track, n }.into()))
                .collect(),
            Self::Place
            | Self::Begin
            | Self::Live
            | Self::Rest
            | Self::Purge
            | Self::Uproot
            | Self::Gone
            | Self::Retire
            | Self::Sweep
            | Self::Drop
            | Self::Swept => Vec::new(),
        }
    }
}

/// All manifests of a film.
fn manifests(plan: &Plan) -> Vec<ObjectRef> {
    let rungs = plan.rungs.iter().map(|rung| rung.name.clone());
    [ObjectRef::HlsMaster, ObjectRef::DashManifest]
        .into_iter()
        .chain(rungs.map(ObjectRef::VideoPlaylist))
        .chain(plan.track_numbers().map(ObjectRef::AudioPlaylist))
        .chain(subtitles(plan).map(ObjectRef::SubtitlePlaylist))
        .collect()
}

fn subtitles(plan: &Plan) -> impl Iterator<Item = String> + '_ {
    plan.text_subtitles().map(|(name, _)| name.to_owned())
}

/// What a player needs to begin: manifests, the segments of the beginning with their init
/// segments, and the poster.
pub(crate) fn beginning(plan: &Plan, made: &[String]) -> Vec<ObjectRef> {
    let mut objects = manifests(plan);
    let made = made.iter().filter_map(|path| path.parse().ok());
    for object in made.chain([ObjectRef::Poster]) {
        let init = match &object {
            ObjectRef::Segment(SegmentRef::Video { rung, .. }) => {
                Some(ObjectRef::VideoInit(rung.clone()))
            }
            ObjectRef::Segment(SegmentRef::Audio { track, .. }) => {
                Some(ObjectRef::AudioInit(*track))
            }
            _ => None,
        };
        for object in init.into_iter().chain([object]) {
            if plan.contains(&object) && object != ObjectRef::Plan && !objects.contains(&object) {
                objects.push(object);
            }
        }
    }
    objects
}

/// Whether a film does without the object.
pub(crate) fn is_optional(object: &ObjectRef) -> bool {
    matches!(
        object,
        ObjectRef::Subtitles(_) | ObjectRef::Poster | ObjectRef::Hover(_)
    )
}

/// As kept in rows.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place => f.write_str("place"),
            Self::Begin => f.write_str("begin"),
            Self::Live => f.write_str("live"),
            Self::Rest => f.write_str("rest"),
            Self::Manifests => f.write_str("manifests"),
            Self::Images => f.write_str("images"),
            Self::Rung(rung) => write!(f, "v/{rung}"),
            Self::Track(track) => write!(f, "a/{track}"),
            Self::Purge => f.write_str("purge"),
            Self::Uproot => f.write_str("uproot"),
            Self::Gone => f.write_str("gone"),
            Self::Retire => f.write_str("retire"),
            Self::Sweep => f.write_str("sweep"),
            Self::Drop => f.write_str("drop"),
            Self::Swept => f.write_str("swept"),
        }
    }
}

/// A name that is no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no part of a film named {0:?}")]
pub(crate) struct UnknownPart(String);

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        Ok(match text {
            "place" => Self::Place,
            "begin" => Self::Begin,
            "live" => Self::Live,
            "rest" => Self::Rest,
            "manifests" => Self::Manifests,
            "images" => Self::Images,
            "purge" => Self::Purge,
            "uproot" => Self::Uproot,
            "gone" => Self::Gone,
            "retire" => Self::Retire,
            "sweep" => Self::Sweep,
            "drop" => Self::Drop,
            "swept" => Self::Swept,
            other => {
                let track = other
                    .strip_prefix("a/")
                    .and_then(|track| track.parse().ok());
                let rung = other.strip_prefix("v/").map(ToOwned::to_owned);
                track
                    .map(Self::Track)
                    .or(rung.map(Self::Rung))
                    .ok_or_else(|| UnknownPart(other.to_owned()))?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_as_it_was_written() {
        let parts = [
            Part::Place,
            Part::Begin,
            Part::Live,
            Part::Rest,
            Part::Manifests,
            Part::Images,
            Part::Purge,
            Part::Uproot,
            Part::Gone,
            Part::Retire,
            Part::Sweep,
            Part::Drop,
            Part::Swept,
            Part::Rung("360p".to_owned()),
            Part::Track(3),
        ];
        for part in parts {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert!("x/1".parse::<Part>().is_err());
        assert!("a/x".parse::<Part>().is_err());
    }
}
