//! One film, as each part of Marquee tells of it.

use std::collections::{BTreeMap, BTreeSet};

use media::plan::ObjectRef;
use platform_blob::OpenMultipart;
use schemas::VideoId;
use serde::Deserialize;

/// Where a film stands for the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Uploading,
    Processing,
    Playable,
    Live,
    Failed,
    Deleted,
    /// Of a newer version: nothing is said of it.
    #[serde(other)]
    Newer,
}

/// What has to be gone of a deleted film.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Erased {
    Source,
    Media,
    Edges,
    #[serde(other)]
    Newer,
}

impl Erased {
    pub(crate) const ALL: [(Self, &'static str); 3] = [
        (Self::Source, "source"),
        (Self::Media, "media"),
        (Self::Edges, "edges"),
    ];
}

/// The catalogue's row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Catalogued {
    pub(crate) state: State,
    pub(crate) created_at_ms: i64,
    #[serde(default)]
    pub(crate) revision: u32,
    pub(crate) deleted_at_ms: Option<i64>,
    #[serde(default)]
    pub(crate) erased: BTreeSet<Erased>,
}

impl Catalogued {
    /// Whether something of it may be left though it is deleted. Without a time: given up before it was
    /// complete, or deleted by an older version, which did not ask.
    pub(crate) fn is_being_removed(&self) -> bool {
        let erased = Erased::ALL
            .iter()
            .all(|(part, _)| self.erased.contains(part));
        self.deleted_at_ms.is_some() && !erased
    }
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UploadState {
    Opening,
    Open,
    Completing,
    Complete,
    Abandoned,
    Discarding,
    Discarded,
    #[serde(other)]
    Newer,
}

impl UploadState {
    /// Whether something of it is or will be stored.
    pub(crate) fn is_kept(self) -> bool {
        self.is_unfinished() || matches!(self, Self::Complete | Self::Newer)
    }

    pub(crate) fn is_unfinished(self) -> bool {
        matches!(self, Self::Opening | Self::Open | Self::Completing)
    }
}

/// A record of ingress.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Upload {
    pub(crate) state: UploadState,
    #[serde(default)]
    pub(crate) multipart_id: String,
    pub(crate) since_ms: i64,
}

/// How far the transcoder is with a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Uploaded,
    Planned,
    Transcoded,
    Failed,
    /// A newer one is watched.
    Replaced,
    Deleted,
    #[serde(other)]
    Newer,
}

impl Stage {
    /// Whether nothing of it is kept.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Replaced | Self::Deleted)
    }
}

/// The transcoder's row of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Revision {
    pub(crate) state: Stage,
    pub(crate) playable: bool,
    /// Segments that were planned.
    pub(crate) segments: u32,
    pub(crate) since_ms: i64,
    /// Tasks that wait or run.
    pub(crate) tasks: u32,
}

/// Rows of our own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seeding {
    pub(crate) deleted: bool,
    /// Work that is not done, other than that of deleting.
    pub(crate) open: u32,
    /// Edges that were brought the beginning, and of which revision.
    pub(crate) begun: BTreeMap<String, u32>,
    /// Why work fails, if it does.
    pub(crate) reason: String,
}

/// Objects of a revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) plan: bool,
    pub(crate) master: bool,
    pub(crate) segments: u32,
    pub(crate) objects: u32,
}

/// Where index and catalogue do not say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Difference {
    /// The index lacks it; otherwise it has what it should not.
    pub(crate) missing: bool,
    /// What the index has.
    pub(crate) version: u64,
}

/// Everything of one film.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) catalogue: Option<Catalogued>,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) revisions: BTreeMap<u32, Revision>,
    pub(crate) seeding: Option<Seeding>,
    /// Objects of the uploaded file.
    pub(crate) source: u32,
    pub(crate) media: BTreeMap<u32, Media>,
    /// Objects in the film's folders that belong to no revision.
    pub(crate) others: u32,
    pub(crate) multiparts: Vec<OpenMultipart>,
    /// Edges that have something of it.
    pub(crate) edges: BTreeSet<String>,
    pub(crate) index: Option<Difference>,
}

impl Seen {
    /// All objects of it.
    pub(crate) fn objects(&self) -> u32 {
        let media: u32 = self.media.values().map(|media| media.objects).sum();
        self.source + media + self.others
    }

    /// Notes an object of the film by the `root` that it lies below and the rest of its key.
    pub(crate) fn note(&mut self, root: Root, path: &str) {
        match root {
            Root::Raw => self.source += 1,
            Root::Download => self.others += 1,
            Root::Media => match revision_of(path) {
                Some((revision, path)) => self.media.entry(revision).or_default().note(path),
                None => self.others += 1,
            },
        }
    }
}

impl Media {
    fn note(&mut self, path: &str) {
        self.objects += 1;
        match path.parse() {
            Ok(ObjectRef::Plan) => self.plan = true,
            Ok(ObjectRef::HlsMaster) => self.master = true,
            Ok(ObjectRef::Segment(_)) => self.segments += 1,
            _ => {}
        }
    }
}

fn revision_of(path: &str) -> Option<(u32, &str)> {
    let (revision, path) = path.split_once('/')?;
    Some((revision.parse().ok()?, path))
}

/// Where films' objects lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Raw,
    Media,
    Download,
}

impl Root {
    pub(crate) const ALL: [Self; 3] = [Self::Raw, Self::Media, Self::Download];

    /// What keys begin with, with a slash at its end.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Raw => "raw/",
            Self::Media => "media/",
            Self::Download => "download/",
        }
    }

    /// The film that an object with this key is of, and the key's rest.
    pub(crate) fn film(self, key: &str) -> Option<(VideoId, &str)> {
        let (id, path) = key.strip_prefix(self.prefix())?.split_once('/')?;
        Some((id.parse().ok()?, path))
    }
}
