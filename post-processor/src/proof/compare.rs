//! What is wrong with a film, by what all parts of Marquee say of it.

use std::collections::BTreeSet;

use platform_blob::OpenMultipart;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::seen::{Catalogued, Erased, Seen, Stage, State, UploadState};

/// What is found wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Objects of a film that is gone.
    OrphanObjects,
    /// A multipart upload that no upload speaks of.
    OrphanMultipart,
    /// A film that is gone lies on an edge.
    OrphanEdgeCopy,
    /// The index finds what it should not.
    OrphanDocument,
    /// A service still works on a film that is gone.
    OrphanRow,
    /// The uploaded file of a film is not stored.
    MissingSource,
    /// Something that players need is not stored.
    MissingMedia,
    /// An edge lost a film that it was brought.
    MissingEdgeCopy,
    /// The index does not find a film.
    MissingDocument,
    /// A deleted film is not gone.
    StuckDeletion,
    /// A file is uploaded, and nothing is made of it.
    StuckUpload,
    /// Nothing of a film can be played yet.
    StuckEncoding,
    /// A film is complete and not live.
    StuckPublishing,
    /// The catalogue has not heard of an upload.
    UnheardUpload,
}

/// What mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mend {
    /// Begin the deletion again.
    Erase,
    /// The same of a film that nobody has a row of. Somebody has to ask for it: whoever lost rows wants
    /// the objects.
    EraseUnknown,
    /// Remove what is stored of these revisions.
    Clear(Vec<u32>),
    /// End these.
    Abort(Vec<OpenMultipart>),
    /// Have the index brought up to date, above this version.
    Index(u64),
    /// Bring it to these edges again.
    Seed(BTreeSet<String>),
    /// Remove an object that is of no film. Somebody has to ask for it.
    Remove(String),
    /// Nothing that a program knows.
    Nothing,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    /// A sentence.
    pub(crate) what: String,
    pub(crate) mend: Mend,
}

/// What else counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Circumstances {
    pub(crate) now_ms: i64,
    /// What is younger is under way, milliseconds.
    pub(crate) grace_ms: i64,
    /// What stands still for longer is stuck, milliseconds.
    pub(crate) stuck_ms: i64,
    /// Edges that told what they have.
    pub(crate) edges: BTreeSet<String>,
}

impl Circumstances {
    fn is_stuck(&self, since_ms: i64) -> bool {
        self.now_ms.saturating_sub(since_ms) > self.stuck_ms
    }

    fn is_young(&self, since_ms: i64) -> bool {
        self.now_ms.saturating_sub(since_ms) < self.grace_ms
    }
}

/// Whether there is such a film.
enum Standing<'a> {
    /// There is.
    There(&'a Catalogued),
    /// It is being removed since then.
    Going(&'a Catalogued, i64),
    /// There is none.
    Gone,
    /// Ingress has it and the catalogue does not, since then.
    Unheard(i64),
}

fn standing(seen: &Seen) -> Standing<'_> {
    let kept = || seen.uploads.iter().filter(|upload| upload.state.is_kept());
    match &seen.catalogue {
        Some(row) if row.state != State::Deleted => Standing::There(row),
        Some(row) => match row.deleted_at_ms {
            Some(at) if row.is_being_removed() => Standing::Going(row, at),
            _ => Standing::Gone,
        },
        None => kept()
            .map(|upload| upload.since_ms)
            .max()
            .map_or(Standing::Gone, Standing::Unheard),
    }
}

/// What is wrong with a film.
pub(crate) fn compare(seen: &Seen, now: &Circumstances) -> Vec<Found> {
    let mut found = match standing(seen) {
        Standing::There(row) => of_present(seen, row, now),
        Standing::Going(row, since) if now.is_stuck(since) => vec![stuck_deletion(row)],
        Standing::Going(..) => Vec::new(),
        Standing::Gone => of_gone(seen, now),
        Standing::Unheard(since) => unheard(seen, since, now),
    };
    found.extend(seen.index.map(|difference| {
        let (kind, what) = if difference.missing {
            (Kind::MissingDocument, "the search index does not have it")
        } else {
            (Kind::OrphanDocument, "the search index finds it")
        };
        Found {
            kind,
            what: what.to_owned(),
            mend: Mend::Index(difference.version),
        }
    }));
    found
}

fn stuck_deletion(row: &Catalogued) -> Found {
    let open = Erased::ALL
        .iter()
        .filter(|(part, _)| !row.erased.contains(part));
    let open: Vec<&str> = open.map(|(_, name)| *name).collect();
    Found {
        kind: Kind::StuckDeletion,
        what: format!(
            "nobody has said yet that nothing is left of its {}",
            open.join(", ")
        ),
        mend: Mend::Erase,
    }
}

fn unheard(seen: &Seen, since: i64, now: &Circumstances) -> Vec<Found> {
    // Nobody was told of one that never opened.
    let told = |state: UploadState| state.is_kept() && state != UploadState::Opening;
    let told = seen.uploads.iter().any(|upload| told(upload.state));
    if !told || !now.is_stuck(since) {
        return Vec::new();
    }
    vec![Found {
        kind: Kind::UnheardUpload,
        what: "it was uploaded, and the catalogue has not heard of it".to_owned(),
        mend: Mend::Nothing,
    }]
}

fn of_gone(seen: &Seen, now: &Circumstances) -> Vec<Found> {
    let unknown = seen.catalogue.is_none()
        && seen.uploads.is_empty()
        && seen.revisions.is_empty()
        && seen.seeding.is_none();
    let erase = if unknown {
        Mend::EraseUnknown
    } else {
        Mend::Erase
    };
    let mut found = Vec::new();
    let mut add = |kind, what: String, mend: &Mend| {
        found.push(Found {
            kind,
            what,
            mend: mend.clone(),
        });
    };
    let rows = rows_of_gone(seen, now);
    if !rows.is_empty() {
        add(
            Kind::OrphanRow,
            format!("{} has it", rows.join(", ")),
            &erase,
        );
    }
    if seen.objects() > 0 {
        let what = format!("{} objects of it are stored", seen.objects());
        add(Kind::OrphanObjects, what, &erase);
    }
    if let Some(abort) = orphan_multiparts(seen, now) {
        let what = "parts of an upload are stored".to_owned();
        add(Kind::OrphanMultipart, what, &abort);
    }
    if !seen.edges.is_empty() {
        let what = format!("it lies on {}", names(&seen.edges));
        add(Kind::OrphanEdgeCopy, what, &erase);
    }
    found
}

/// Services that have something to do with a film that is gone.
fn rows_of_gone(seen: &Seen, now: &Circumstances) -> Vec<&'static str> {
    let uploads = seen.uploads.iter().any(|upload| {
        upload.state.is_kept()
            || (upload.state == UploadState::Discarding && !now.is_young(upload.since_ms))
    });
    let alive = |stage: Stage| !stage.is_over() && stage != Stage::Newer;
    // What was refused is kept as a reason, without anything to do.
    let refused = |stage: Stage, tasks: u32| stage == Stage::Failed && tasks == 0;
    let revisions = seen
        .revisions
        .values()
        .any(|it| alive(it.state) && !refused(it.state, it.tasks));
    let seeding = seen.seeding.as_ref().is_some_and(|it| !it.deleted);
    let all = [
        (uploads, "ingress"),
        (revisions, "the transcoder"),
        (seeding, "the post-processor"),
    ];
    all.into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, name)| name)
        .collect()
}

/// Multipart uploads that no unfinished upload speaks of, unless one may be about to.
fn orphan_multiparts(seen: &Seen, now: &Circumstances) -> Option<Mend> {
    let spoken_of = |id: &str| {
        let mut uploads = seen.uploads.iter();
        uploads.any(|upload| upload.state.is_unfinished() && upload.multipart_id == id)
    };
    let unfinished = seen
        .uploads
        .iter()
        .any(|upload| upload.state.is_unfinished());
    let orphans = seen.multiparts.iter().filter(|open| {
        let is_young = open.created_unix_ms.is_none_or(|at| now.is_young(at));
        let may_be_noted = unfinished && is_young;
        !may_be_noted && !spoken_of(open.id.as_str())
    });
    let orphans: Vec<_> = orphans.cloned().collect();
    (!orphans.is_empty()).then_some(Mend::Abort(orphans))
}

fn of_present(seen: &Seen, row: &Catalogued, now: &Circumstances) -> Vec<Found> {
    let mut found = Vec::new();
    let mut add = |kind, what: String, mend| found.push(Found { kind, what, mend });
    if let Some(abort) = orphan_multiparts(seen, now) {
        let what = "parts of an upload are stored that nobody sends any more".to_owned();
        add(Kind::OrphanMultipart, what, abort);
    }
    let over = revisions_that_are_over(seen, row);
    if !over.is_empty() {
        let what = "objects of a revision are stored that was replaced".to_owned();
        add(Kind::OrphanObjects, what, Mend::Clear(over));
    }
    let uploaded = seen
        .uploads
        .iter()
        .any(|it| it.state == UploadState::Complete);
    if uploaded && seen.source == 0 {
        let what = "its file is not stored: nothing can be made of it any more".to_owned();
        add(Kind::MissingSource, what, Mend::Nothing);
    }
    let is_shown = matches!(row.state, State::Playable | State::Live);
    if let Some(what) = missing_media(seen, row).filter(|_| is_shown) {
        add(Kind::MissingMedia, what, Mend::Nothing);
    }
    let lost = lost_on_edges(seen, row, now);
    if !lost.is_empty() {
        let what = format!("it was brought to {}, and is not there", names(&lost));
        add(Kind::MissingEdgeCopy, what, Mend::Seed(lost));
    }
    if let Some((kind, what)) = stuck(seen, row, now) {
        add(kind, what, Mend::Nothing);
    }
    found
}

/// Revisions of which something is stored though they were replaced, and nobody is about to remove it.
fn revisions_that_are_over(seen: &Seen, row: &Catalogued) -> Vec<u32> {
    let over = seen.media.iter().filter(|(revision, media)| {
        let made = seen.revisions.get(revision);
        let is_over = made.is_some_and(|made| made.state.is_over() && made.tasks == 0);
        is_over && media.objects > 0 && **revision != row.revision
    });
    over.map(|(revision, _)| *revision).collect()
}

/// What is not stored of the revision that is shown.
fn missing_media(seen: &Seen, row: &Catalogued) -> Option<String> {
    let revision = row.revision;
    let stored = seen.media.get(&revision).copied().unwrap_or_default();
    if !stored.plan {
        return Some(format!("the plan of revision {revision} is not stored"));
    }
    if !stored.master {
        return Some(format!(
            "the manifests of revision {revision} are not stored"
        ));
    }
    let made = seen.revisions.get(&revision);
    let made = made.filter(|made| made.state == Stage::Transcoded);
    let planned = made.map_or(0, |made| made.segments);
    (stored.segments < planned).then(|| {
        let lost = planned - stored.segments;
        format!("{lost} of {planned} segments of revision {revision} are not stored")
    })
}

fn lost_on_edges(seen: &Seen, row: &Catalogued, now: &Circumstances) -> BTreeSet<String> {
    let live = row.state == State::Live;
    let begun = seen
        .seeding
        .iter()
        .filter(|_| live)
        .flat_map(|it| &it.begun);
    let lost = begun.filter(|(edge, revision)| {
        **revision == row.revision && now.edges.contains(*edge) && !seen.edges.contains(*edge)
    });
    lost.map(|(edge, _)| edge.clone()).collect()
}

fn stuck(seen: &Seen, row: &Catalogued, now: &Circumstances) -> Option<(Kind, String)> {
    let newest = seen.revisions.last_key_value().map(|(_, it)| it);
    let complete = seen
        .uploads
        .iter()
        .filter(|it| it.state == UploadState::Complete);
    let complete = complete.map(|it| it.since_ms).min();
    match (newest, row.state) {
        (None, State::Uploading | State::Processing) => {
            let stuck = complete.is_some_and(|since| now.is_stuck(since));
            let what = "its file is complete, and the transcoder has not heard of it";
            stuck.then(|| (Kind::StuckUpload, what.to_owned()))
        }
        (Some(made), _) if !now.is_stuck(made.since_ms) => None,
        (Some(made), _) if made.state == Stage::Uploaded => Some((
            Kind::StuckUpload,
            format!("it waits to be planned, {} tasks are open", made.tasks),
        )),
        (Some(made), _) if made.state == Stage::Planned && !made.playable => Some((
            Kind::StuckEncoding,
            format!(
                "its beginning is not made yet, {} tasks are open",
                made.tasks
            ),
        )),
        (Some(made), State::Playable) if made.state == Stage::Transcoded => {
            let seeding = seen.seeding.as_ref();
            let reason = seeding.map_or("", |it| it.reason.as_str());
            Some((
                Kind::StuckPublishing,
                format!("it is complete and not live: {reason}"),
            ))
        }
        _ => None,
    }
}

fn names(edges: &BTreeSet<String>) -> String {
    let names: Vec<String> = edges.iter().map(|edge| format!("edge {edge}")).collect();
    names.join(", ")
}
