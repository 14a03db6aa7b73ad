//! Where rows and search index do not say the same.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::search::Listed;
use crate::store::Pending;

/// One video of which they do not say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    video_id: String,
    /// It should be found and is not; otherwise the other way round.
    missing: bool,
    /// What the index has; 0 when it has nothing.
    version: u64,
}

/// Compares all of the index with all of the rows of some span of ids. What is about to be indexed is
/// no difference.
pub(crate) fn differences(indexed: &[Listed], rows: &[Pending]) -> Vec<Difference> {
    let rows: BTreeMap<&str, &Pending> = rows
        .iter()
        .map(|row| (row.video.id.as_str(), row))
        .collect();
    let index: BTreeMap<&str, &Listed> = indexed
        .iter()
        .map(|it| (it.video_id.as_str(), it))
        .collect();
    let difference = |id: &str, missing, version| Difference {
        video_id: id.to_owned(),
        missing,
        version,
    };
    let wanted = |id: &str| {
        let row = rows.get(id);
        let wanted = row.is_some_and(|row| row.video.searched().is_some());
        (wanted, row.is_some_and(|row| row.waits))
    };
    let there = index.values().filter(|it| !it.removed);
    let orphans = there.filter_map(|it| {
        let id = it.video_id.as_str();
        (wanted(id) == (false, false)).then(|| difference(id, false, it.version))
    });
    let missing = rows.keys().filter_map(|id| {
        let known = index.get(id);
        let found = known.is_some_and(|it| !it.removed);
        let is_missing = wanted(id) == (true, false) && !found;
        is_missing.then(|| difference(id, true, known.map_or(0, |it| it.version)))
    });
    orphans.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use schemas::{OwnerId, VideoId};

    use super::*;
    use crate::domain::{State, Video};

    fn row(letter: &str, alive: bool, waits: bool) -> Pending {
        let id: VideoId = letter.repeat(26).parse().unwrap();
        let mut video = Video::unknown(id.clone(), 1);
        video.owner = Some(OwnerId::local());
        video.state = State::Live;
        Pending {
            video: if alive { video } else { Video::tombstone(id) },
            version: 1,
            waits,
        }
    }

    fn listed(letter: &str, removed: bool) -> Listed {
        Listed {
            video_id: letter.repeat(26),
            version: 7,
            removed,
        }
    }

    #[test]
    fn what_only_one_of_them_has_is_told_unless_it_is_on_its_way() {
        let indexed = [
            listed("a", false),
            listed("b", false),
            listed("c", true),
            listed("d", false),
            listed("e", false),
        ];
        let rows = [
            row("a", true, false),
            row("b", false, false),
            row("c", true, false),
            row("e", false, true),
            row("f", true, false),
            row("g", true, true),
            row("h", false, false),
        ];
        let told = differences(&indexed, &rows);
        let told: Vec<_> = told
            .iter()
            .map(|it| (it.video_id.get(..1).unwrap(), it.missing, it.version))
            .collect();
        let expected = [
            ("b", false, 7),
            ("d", false, 7),
            ("c", true, 7),
            ("f", true, 0),
        ];
        assert_eq!(told, expected);
    }
}
