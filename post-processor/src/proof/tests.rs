use std::collections::BTreeSet;

use platform_blob::{MultipartId, OpenMultipart};
use proptest::prelude::*;

use super::compare::{Circumstances, Kind, Mend, compare};
use super::seen::{
    Catalogued, Difference, Erased, Media, Revision, Root, Seeding, Seen, Stage, State, Upload,
    UploadState,
};

const NOW: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

fn now() -> Circumstances {
    Circumstances {
        now_ms: NOW,
        grace_ms: 60_000,
        stuck_ms: 15 * 60_000,
        edges: ["a".to_owned(), "b".to_owned()].into(),
    }
}

fn kinds(seen: &Seen) -> Vec<Kind> {
    compare(seen, &now())
        .into_iter()
        .map(|it| it.kind)
        .collect()
}

/// What makes something wrong.
type Change = fn(&mut Seen);

/// A film of some hours ago that can be watched everywhere.
fn live() -> Seen {
    let upload = Upload {
        state: UploadState::Complete,
        multipart_id: "m".to_owned(),
        since_ms: NOW - 5 * HOUR,
    };
    let revision = Revision {
        state: Stage::Transcoded,
        playable: true,
        segments: 4,
        since_ms: NOW - 5 * HOUR,
        tasks: 0,
    };
    let media = Media {
        plan: true,
        master: true,
        segments: 4,
        objects: 9,
    };
    Seen {
        catalogue: Some(Catalogued {
            state: State::Live,
            created_at_ms: NOW - 6 * HOUR,
            revision: 1,
            deleted_at_ms: None,
            erased: BTreeSet::new(),
        }),
        uploads: vec![upload],
        revisions: [(1, revision)].into(),
        seeding: Some(Seeding {
            begun: [("a".to_owned(), 1)].into(),
            ..Seeding::default()
        }),
        source: 1,
        media: [(1, media)].into(),
        edges: ["a".to_owned()].into(),
        ..Seen::default()
    }
}

/// What is left of it when it was deleted.
fn gone() -> Seen {
    let mut seen = live();
    seen.catalogue = Some(Catalogued {
        state: State::Deleted,
        created_at_ms: 0,
        revision: 0,
        deleted_at_ms: Some(NOW - HOUR),
        erased: [Erased::Source, Erased::Media, Erased::Edges].into(),
    });
    for upload in &mut seen.uploads {
        upload.state = UploadState::Discarded;
    }
    for revision in seen.revisions.values_mut() {
        revision.state = Stage::Deleted;
    }
    seen.seeding = Some(Seeding {
        deleted: true,
        ..Seeding::default()
    });
    Seen {
        source: 0,
        media: [].into(),
        edges: BTreeSet::new(),
        ..seen
    }
}

fn multipart(id: &str, created_ms: i64) -> OpenMultipart {
    OpenMultipart {
        key: "raw/x/source".to_owned(),
        id: MultipartId(id.to_owned()),
        created_unix_ms: Some(created_ms),
    }
}

#[test]
fn nothing_is_wrong_with_what_is_whole_or_gone() {
    assert_eq!(kinds(&live()), []);
    assert_eq!(kinds(&gone()), []);
    assert_eq!(kinds(&Seen::default()), []);
}

#[test]
fn what_is_left_of_a_film_that_is_gone_is_found() {
    let cases: [(Change, Kind); 7] = [
        (|it| it.source = 1, Kind::OrphanObjects),
        (
            |it| {
                it.media.insert(2, Media::default());
            },
            Kind::OrphanObjects,
        ),
        (|it| it.others = 1, Kind::OrphanObjects),
        (
            |it| it.multiparts = vec![multipart("m", NOW - HOUR)],
            Kind::OrphanMultipart,
        ),
        (
            |it| it.edges = ["b".to_owned()].into(),
            Kind::OrphanEdgeCopy,
        ),
        (
            |it| {
                it.index = Some(Difference {
                    missing: false,
                    version: 3,
                });
            },
            Kind::OrphanDocument,
        ),
        (|it| it.seeding = Some(Seeding::default()), Kind::OrphanRow),
    ];
    for (plant, kind) in cases {
        let mut seen = gone();
        plant(&mut seen);
        if let Some(media) = seen.media.get_mut(&2) {
            media.objects = 1;
        }
        assert_eq!(kinds(&seen), [kind]);
        // As long as the deletion is under way it is no finding, afterwards it is one: the deletion.
        let row = seen.catalogue.as_mut().unwrap();
        row.erased.remove(&Erased::Media);
        row.deleted_at_ms = Some(NOW - 60_000);
        let index = matches!(kind, Kind::OrphanDocument).then_some(kind);
        assert_eq!(kinds(&seen), Vec::from_iter(index));
        seen.catalogue.as_mut().unwrap().deleted_at_ms = Some(NOW - HOUR);
        assert_eq!(kinds(&seen).first(), Some(&Kind::StuckDeletion));
    }
}

#[test]
fn what_nobody_has_a_row_of_is_removed_only_by_whoever_asks() {
    let seen = Seen {
        source: 1,
        ..Seen::default()
    };
    let found = compare(&seen, &now());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].mend, Mend::EraseUnknown);
    // With any row it is the leftover of something that was.
    let seen = Seen {
        uploads: gone().uploads,
        ..seen
    };
    assert_eq!(compare(&seen, &now())[0].mend, Mend::Erase);
}

#[test]
fn what_is_lost_of_a_film_is_found() {
    let cases: [(Change, Kind); 6] = [
        (|it| it.source = 0, Kind::MissingSource),
        (|it| it.media.clear(), Kind::MissingMedia),
        (
            |it| it.media.values_mut().for_each(|it| it.master = false),
            Kind::MissingMedia,
        ),
        (
            |it| it.media.values_mut().for_each(|it| it.segments = 3),
            Kind::MissingMedia,
        ),
        (|it| it.edges.clear(), Kind::MissingEdgeCopy),
        (
            |it| {
                it.index = Some(Difference {
                    missing: true,
                    version: 0,
                });
            },
            Kind::MissingDocument,
        ),
    ];
    for (lose, kind) in cases {
        let mut seen = live();
        lose(&mut seen);
        assert_eq!(kinds(&seen), [kind]);
    }
    // Of an edge that does not answer nothing is known.
    let mut seen = live();
    seen.edges.clear();
    let mut now = now();
    now.edges.clear();
    assert_eq!(compare(&seen, &now), []);
}

#[test]
fn what_stands_still_is_found_when_it_does_for_long() {
    let planned = |seen: &mut Seen, stage, since_ms| {
        seen.catalogue.as_mut().unwrap().state = State::Processing;
        for revision in seen.revisions.values_mut() {
            revision.state = stage;
            revision.playable = false;
            revision.since_ms = since_ms;
        }
    };
    for (since, stuck) in [(NOW - HOUR, true), (NOW - 60_000, false)] {
        let found = |kind| Vec::from_iter(stuck.then_some(kind));
        let mut seen = live();
        planned(&mut seen, Stage::Uploaded, since);
        assert_eq!(kinds(&seen), found(Kind::StuckUpload));
        planned(&mut seen, Stage::Planned, since);
        assert_eq!(kinds(&seen), found(Kind::StuckEncoding));
        planned(&mut seen, Stage::Transcoded, since);
        seen.catalogue.as_mut().unwrap().state = State::Playable;
        assert_eq!(kinds(&seen), found(Kind::StuckPublishing));
        seen.revisions.clear();
        seen.uploads[0].since_ms = since;
        seen.catalogue.as_mut().unwrap().state = State::Processing;
        assert_eq!(kinds(&seen), found(Kind::StuckUpload));
        seen.catalogue = None;
        assert_eq!(kinds(&seen), found(Kind::UnheardUpload));
    }
}

#[test]
fn parts_that_somebody_sends_are_none_of_an_orphan() {
    let mut seen = live();
    seen.multiparts = vec![multipart("m", NOW - HOUR)];
    assert_eq!(kinds(&seen), [Kind::OrphanMultipart]);
    seen.uploads[0].state = UploadState::Open;
    assert_eq!(kinds(&seen), []);
    seen.multiparts = vec![multipart("other", NOW - HOUR)];
    assert_eq!(kinds(&seen), [Kind::OrphanMultipart]);
    seen.multiparts = vec![multipart("other", NOW - 1000)];
    assert_eq!(kinds(&seen), []);
}

#[test]
fn what_was_replaced_is_an_orphan_when_nobody_removes_it_any_more() {
    let mut seen = live();
    let row = seen.catalogue.as_mut().unwrap();
    row.revision = 2;
    seen.revisions.insert(2, seen.revisions[&1].clone());
    seen.media.insert(2, seen.media[&1]);
    seen.seeding = None;
    // Players of the old one go on for a while.
    assert_eq!(kinds(&seen), []);
    let old = seen.revisions.get_mut(&1).unwrap();
    (old.state, old.tasks) = (Stage::Replaced, 1);
    assert_eq!(kinds(&seen), []);
    seen.revisions.get_mut(&1).unwrap().tasks = 0;
    let found = compare(&seen, &now());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].mend, Mend::Clear(vec![1]));
    seen.media.remove(&1);
    assert_eq!(kinds(&seen), []);
}

#[test]
fn keys_tell_what_they_are_of() {
    let id = "a".repeat(26);
    let mut seen = Seen::default();
    for key in [
        format!("media/{id}/1/plan.json"),
        format!("media/{id}/1/v/360p/0.m4s"),
        format!("media/{id}/1/v/360p/init.mp4"),
        format!("media/{id}/odd"),
    ] {
        let (film, path) = Root::Media.film(&key).unwrap();
        assert_eq!(film.as_str(), id);
        seen.note(Root::Media, path);
    }
    let media = seen.media[&1];
    assert!(media.plan && !media.master);
    assert_eq!((media.segments, media.objects, seen.others), (1, 3, 1));
    for key in ["media/x/1/plan.json", "media/plan.json", "other/x/y"] {
        assert_eq!(Root::Media.film(key), None);
    }
}

fn upload() -> impl Strategy<Value = Upload> {
    let states = [
        UploadState::Opening,
        UploadState::Open,
        UploadState::Completing,
        UploadState::Complete,
        UploadState::Abandoned,
        UploadState::Discarding,
        UploadState::Discarded,
    ];
    (proptest::sample::select(states.to_vec()), 0..5_i64).prop_map(|(state, hours)| Upload {
        state,
        multipart_id: "m".to_owned(),
        since_ms: NOW - hours * HOUR,
    })
}

fn row() -> impl Strategy<Value = Catalogued> {
    let states = [
        State::Uploading,
        State::Processing,
        State::Playable,
        State::Live,
        State::Failed,
        State::Deleted,
    ];
    let parts = [Erased::Source, Erased::Media, Erased::Edges];
    (
        proptest::sample::select(states.to_vec()),
        proptest::option::of(0..5_i64),
        proptest::sample::subsequence(parts.to_vec(), 0..=3),
    )
        .prop_map(|(state, deleted, erased)| Catalogued {
            state,
            created_at_ms: NOW - 6 * HOUR,
            revision: 1,
            deleted_at_ms: deleted.map(|hours| NOW - hours * HOUR),
            erased: erased.into_iter().collect(),
        })
}

fn anything() -> impl Strategy<Value = Seen> {
    (
        proptest::option::of(row()),
        proptest::collection::vec(upload(), 0..3),
        0..3_u32,
        0..3_u32,
        proptest::sample::subsequence(vec!["a".to_owned(), "b".to_owned()], 0..=2),
        0..3_u8,
    )
        .prop_map(|(catalogue, uploads, source, others, edges, rows)| Seen {
            catalogue,
            uploads,
            source,
            others,
            edges: edges.into_iter().collect(),
            revisions: if rows > 0 {
                live().revisions
            } else {
                [].into()
            },
            seeding: (rows > 1).then(Seeding::default),
            ..Seen::default()
        })
}

proptest! {
    #[test]
    fn nothing_of_a_film_that_somebody_has_is_ever_removed(seen in anything()) {
        let there = seen.catalogue.as_ref().is_some_and(|row| row.state != State::Deleted);
        let sent = seen.catalogue.is_none() && seen.uploads.iter().any(|it| it.state.is_kept());
        for found in compare(&seen, &now()) {
            let removes = matches!(found.mend, Mend::Erase | Mend::EraseUnknown | Mend::Remove(_));
            prop_assert!(!(removes && (there || sent)), "{found:?}");
        }
    }

    #[test]
    fn whatever_is_left_of_a_film_that_is_gone_is_found(seen in anything()) {
        let row = seen.catalogue.as_ref();
        let gone = row.is_some_and(|row| {
            row.state == State::Deleted && row.deleted_at_ms.is_some() && row.erased.len() == 3
        });
        let left = seen.objects() > 0 || !seen.edges.is_empty();
        let found = compare(&seen, &now());
        prop_assert!(!(gone && left && found.is_empty()));
        for kind in [Kind::OrphanObjects, Kind::OrphanEdgeCopy] {
            let wanted = match kind {
                Kind::OrphanObjects => seen.objects() > 0,
                _ => !seen.edges.is_empty(),
            };
            let has = found.iter().any(|it| it.kind == kind);
            prop_assert!(!gone || has == wanted, "{found:?}");
        }
    }

    #[test]
    fn what_was_just_deleted_is_left_alone(seen in anything(), age_ms in 0..600_000_i64) {
        let mut seen = seen;
        let Some(row) = seen.catalogue.as_mut() else {
            return Ok(());
        };
        row.state = State::Deleted;
        row.deleted_at_ms = Some(NOW - age_ms);
        row.erased.remove(&Erased::Media);
        prop_assert_eq!(compare(&seen, &now()), []);
    }
}
