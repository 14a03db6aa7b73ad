//! A video as the catalogue knows it.

use schemas::{OwnerId, VideoId, v1};
use serde::{Deserialize, Serialize};

/// Where a video stands. States only ever rise, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Its file is on its way.
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
    /// What nobody searches or sorts by.
    pub(crate) facts: Facts,
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
    /// The newest revision; 0 before the first plan. What follows is of this revision.
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
    pub(crate) segments_done: u32,
    pub(crate) segments_total: u32,
    /// Why it failed.
    pub(crate) failure: Option<Failure>,
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

    /// Whether it can be found, and if so, what search goes by.
    pub(crate) fn searchable(&self) -> Option<(&str, &str, i64)> {
        let published = self.published_at_ms.unwrap_or(self.created_at_ms);
        (self.state == State::Live).then_some((&self.title, &self.description, published))
    }
}
