//! A video as the catalogue knows it.

use std::collections::{BTreeMap, BTreeSet};

use platform_auth::{Identity, Role, Scope};
use schemas::{OwnerId, VideoId, v1};
use serde::{Deserialize, Serialize};

use super::{About, Access, Visibility, may_take_down};

/// Where a video stands. States only ever rise, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Its file is on its way.
    #[default]
    Uploading,
    /// Its file is whole.
    Processing,
    /// Its beginning exists.
    Playable,
    /// It can be watched from an edge.
    Live,
    /// It cannot be made playable.
    Failed,
    /// It is gone.
    Deleted,
}

impl State {
    /// The state's name in rows and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Processing => "processing",
            Self::Playable => "playable",
            Self::Live => "live",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// The state called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [
            Self::Uploading,
            Self::Processing,
            Self::Playable,
            Self::Live,
            Self::Failed,
            Self::Deleted,
        ];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// A video as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Video {
    /// Its id.
    pub(crate) id: VideoId,
    /// Whose it is; unknown as long as only others' events have come.
    pub(crate) owner: Option<OwnerId>,
    /// One line.
    pub(crate) title: String,
    /// May have several lines.
    pub(crate) description: String,
    /// Where it stands.
    pub(crate) state: State,
    /// When its upload began.
    pub(crate) created_at_ms: i64,
    /// When it went live.
    pub(crate) published_at_ms: Option<i64>,
    /// Who may see it.
    pub(crate) access: Access,
    /// By what people browse.
    pub(crate) about: About,
    /// When its owner threw it away: it can still be taken back.
    pub(crate) trashed_at_ms: Option<i64>,
    /// Rises with each edit: who edits what they saw says what that was.
    pub(crate) edits: i64,
    /// What nobody searches or sorts by.
    pub(crate) facts: Facts,
}

/// What search goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Searched {
    /// Whose it is.
    pub(crate) owner: OwnerId,
    /// Everybody may find it, not its owner alone.
    pub(crate) public: bool,
    /// One line.
    pub(crate) title: String,
    /// The description, and the tags behind it.
    pub(crate) text: String,
    /// When it went live, or its upload began.
    pub(crate) at_ms: i64,
}

/// What is known of a video's file and media. Kept as one JSON column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// What its owner wrote, whatever the upload said.
    pub(crate) edited: Edited,
    /// Bytes of the source, once known.
    pub(crate) size_bytes: u64,
    /// Bytes of the source that are stored, as the upload told last.
    pub(crate) uploaded_bytes: u64,
    /// The number of that news.
    pub(crate) uploaded_news: u32,
    /// The revision that is watched; 0 before the first plan. All facts are of this revision.
    pub(crate) revision: u32,
    /// Every planned segment exists.
    pub(crate) complete: bool,
    pub(crate) duration_ms: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) renditions: Vec<Rendition>,
    /// The renditions were measured, not planned.
    pub(crate) measured: bool,
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) subtitles: Vec<Subtitles>,
    pub(crate) hover_images: u32,
    /// Which of these its owner chose to stand for it. Another file has other pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) poster: Option<u32>,
    pub(crate) segments_done: u32,
    pub(crate) segments_total: u32,
    /// Why it failed.
    pub(crate) failure: Option<Failure>,
    /// When it was deleted: from then on other services remove what they have of it.
    pub(crate) deleted_at_ms: Option<i64>,
    /// Of which parts of the deleted video services have found nothing left.
    pub(crate) erased: BTreeSet<Part>,
    /// What is to take its place, by revision: it does so when it goes live.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) next: BTreeMap<u32, Next>,
}

/// A revision that is not watched yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Next {
    /// Where it stands.
    pub(crate) state: State,
    pub(crate) facts: Facts,
}

/// What of a deleted video other services keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// The uploaded file.
    Source,
    /// What was made of it.
    Media,
    /// What edges have of it.
    Edges,
}

impl Part {
    /// The part that an event names, unless that is a newer one.
    pub(crate) fn told(part: v1::VideoPart) -> Option<Self> {
        match part {
            v1::VideoPart::Unspecified => None,
            v1::VideoPart::Source => Some(Self::Source),
            v1::VideoPart::Media => Some(Self::Media),
            v1::VideoPart::Edges => Some(Self::Edges),
        }
    }
}

/// Which texts are the owner's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Edited {
    pub(crate) title: bool,
    pub(crate) description: bool,
}

/// One quality of a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rendition {
    pub(crate) name: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frame_rate_num: u32,
    pub(crate) frame_rate_den: u32,
    pub(crate) codecs: String,
    pub(crate) bandwidth: u64,
}

impl From<&v1::Rendition> for Rendition {
    fn from(rendition: &v1::Rendition) -> Self {
        Self {
            name: rendition.name.clone(),
            width: rendition.width,
            height: rendition.height,
            frame_rate_num: rendition.frame_rate_num,
            frame_rate_den: rendition.frame_rate_den,
            codecs: rendition.codecs.clone(),
            bandwidth: rendition.bandwidth,
        }
    }
}

/// A part of a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chapter {
    pub(crate) start_ms: u64,
    pub(crate) title: String,
}

impl From<&v1::Chapter> for Chapter {
    fn from(chapter: &v1::Chapter) -> Self {
        Self {
            start_ms: chapter.start_ms,
            title: chapter.title.clone(),
        }
    }
}

/// Subtitles that the source has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subtitles {
    pub(crate) language: String,
    pub(crate) title: String,
    pub(crate) supported: bool,
}

impl From<&v1::Subtitles> for Subtitles {
    fn from(subtitles: &v1::Subtitles) -> Self {
        Self {
            language: subtitles.language.clone(),
            title: subtitles.title.clone(),
            supported: subtitles.supported,
        }
    }
}

/// Why a video failed. Of several reasons the first one counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) at_ms: i64,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) detail: String,
}

impl Video {
    /// A video of which nothing is known yet but that it was spoken of at `at_ms`.
    pub(crate) fn unknown(id: VideoId, at_ms: i64) -> Self {
        Self {
            id,
            owner: None,
            title: String::new(),
            description: String::new(),
            state: State::Uploading,
            created_at_ms: at_ms,
            published_at_ms: None,
            access: Access::nobody(),
            about: About::default(),
            trashed_at_ms: None,
            edits: 0,
            facts: Facts::default(),
        }
    }

    /// What is left of a deleted video, so that a late event does not bring it back.
    pub(crate) fn tombstone(id: VideoId) -> Self {
        Self {
            state: State::Deleted,
            ..Self::unknown(id, 0)
        }
    }

    /// The same video, deleted at `now_ms`.
    pub(crate) fn deleted(&self, now_ms: i64) -> Self {
        let mut left = Self::tombstone(self.id.clone());
        left.access.generation = self.access.generation;
        left.facts.deleted_at_ms = Some(now_ms);
        left
    }

    /// The newest file that is to replace what is watched, or was.
    pub(crate) fn replacement(&self) -> Option<(&u32, &Next)> {
        self.facts.next.last_key_value()
    }

    /// Whether `who` may see it.
    pub(crate) fn is_seen_by(&self, who: Option<&Identity>) -> bool {
        let owner = self.owner.as_ref();
        match (self.state, self.trashed_at_ms) {
            (State::Deleted, _) => false,
            (_, None) => self.access.admits(owner, who),
            (_, Some(_)) => Access::nobody().admits(owner, who),
        }
    }

    /// Whether its password is what it takes to see it.
    pub(crate) fn is_locked(&self) -> bool {
        let there = self.state != State::Deleted && self.trashed_at_ms.is_none();
        there && self.access.visibility == Visibility::Password
    }

    /// Whether `who` may remove it.
    pub(crate) fn is_deleted_by(&self, who: &Identity) -> bool {
        let own = self.owner.as_ref() == Some(&who.user);
        (own && who.may(Role::Uploader, Scope::Edit)) || may_take_down(who)
    }

    /// Whether everybody may find it.
    pub(crate) fn is_listed(&self) -> bool {
        self.is_live() && self.access.visibility == Visibility::Public
    }

    /// Whether those for whom it is can watch it.
    fn is_live(&self) -> bool {
        self.state == State::Live && self.trashed_at_ms.is_none()
    }

    /// When it went live, or its upload began.
    pub(crate) fn dated_ms(&self) -> i64 {
        self.published_at_ms.unwrap_or(self.created_at_ms)
    }

    /// What it is found by, if anybody can find it.
    pub(crate) fn searched(&self) -> Option<Searched> {
        let there = self.state != State::Deleted && self.trashed_at_ms.is_none();
        let owner = self.owner.clone().filter(|_| there)?;
        let mut text = self.description.clone();
        for tag in &self.about.tags {
            text.push_str(if text.is_empty() { "#" } else { " #" });
            text.push_str(tag);
        }
        Some(Searched {
            owner,
            public: self.is_listed(),
            title: self.title.clone(),
            text,
            at_ms: self.dated_ms(),
        })
    }

    /// Where people who browse find it, newest first.
    pub(crate) fn shelves(&self) -> Vec<Shelf> {
        if !self.is_live() {
            return Vec::new();
        }
        let named = self.access.named().cloned().map(Shelf::SharedWith);
        let mut shelves: Vec<Shelf> = named.collect();
        if self.is_listed() {
            let About {
                tags,
                category,
                language,
            } = &self.about;
            shelves.push(Shelf::Everybody);
            shelves.extend(self.owner.clone().map(Shelf::Channel));
            shelves.extend(tags.iter().cloned().map(Shelf::Tag));
            shelves.extend(category.clone().map(Shelf::Category));
            shelves.extend(language.clone().map(Shelf::Language));
        }
        shelves
    }
}

/// A list of videos that can be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// All that are for everybody; those that follow are parts of it.
    Everybody,
    /// Those of one owner.
    Channel(OwnerId),
    Tag(String),
    Category(String),
    Language(String),
    /// What others share with somebody.
    SharedWith(OwnerId),
}

impl Shelf {
    /// Its name in rows.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Everybody => "everybody".to_owned(),
            Self::Channel(owner) => format!("channel:{owner}"),
            Self::Tag(tag) => format!("tag:{tag}"),
            Self::Category(category) => format!("category:{category}"),
            Self::Language(language) => format!("language:{language}"),
            Self::SharedWith(user) => format!("shared:{user}"),
        }
    }
}
