//! One upload.

use platform_blob::MultipartId;
use schemas::v1::{PublishPolicy, Visibility};
use schemas::{OwnerId, UploadId, VideoId};

use super::{Names, PartPlan};

/// The revision of a video's first file.
pub(crate) const FIRST: u32 = 1;

/// Where an upload stands. It moves forward only, and always by compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The record exists; the multipart upload perhaps.
    Opening,
    /// Parts are taken.
    Open,
    /// All parts are there; the object is being assembled.
    Completing,
    /// The object is whole and the planner knows of it.
    Complete,
    /// Given up by the uploader, or idle for too long.
    Abandoned,
    /// It was complete, but no film: what is stored of it is being removed.
    Discarding,
    /// It was complete, but no film: nothing is stored of it any more.
    Discarded,
}

impl State {
    /// The state's name in rows and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Completing => "completing",
            Self::Complete => "complete",
            Self::Abandoned => "abandoned",
            Self::Discarding => "discarding",
            Self::Discarded => "discarded",
        }
    }

    /// Whether its parts are still of use.
    pub(crate) const fn is_unfinished(self) -> bool {
        matches!(self, Self::Opening | Self::Open | Self::Completing)
    }

    /// The state called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let all = [
            Self::Opening,
            Self::Open,
            Self::Completing,
            Self::Complete,
            Self::Abandoned,
            Self::Discarding,
            Self::Discarded,
        ];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// One upload of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Its id: whoever owns the upload and knows it can go on with it.
    pub(crate) id: UploadId,
    /// The video it becomes.
    pub(crate) video: VideoId,
    /// Which revision of it: the first makes the video, a later one replaces what it was.
    pub(crate) revision: u32,
    /// Whose it is.
    pub(crate) owner: OwnerId,
    /// As the uploader's machine calls the file. Never a path.
    pub(crate) file_name: String,
    /// Bytes of the whole file.
    pub(crate) size: u64,
    /// What the client recognises the file by.
    pub(crate) fingerprint: String,
    /// Title and description at the start; the catalogue has the current ones.
    pub(crate) names: Names,
    /// When the video goes live.
    pub(crate) policy: PublishPolicy,
    /// For whom the video is at the start; the catalogue knows the current one.
    pub(crate) visibility: Visibility,
    /// How the file is cut.
    pub(crate) plan: PartPlan,
    /// Where it stands.
    pub(crate) state: State,
    /// The object store's name for it, once it is open.
    pub(crate) multipart: Option<MultipartId>,
    /// Bytes of the stored parts, as far as they were told.
    pub(crate) told_bytes: u64,
    /// When it began.
    pub(crate) created_at_ms: i64,
    /// The W3C `traceparent` of the request that began it; empty when it was not traced.
    pub(crate) traceparent: String,
}

impl Upload {
    /// Whether it takes the place of a file that is there.
    pub(crate) fn replaces(&self) -> bool {
        self.revision > FIRST
    }

    /// The folder of all that is stored of uploads of `video`, with a slash at its end.
    pub(crate) fn folder_of(video: &VideoId) -> String {
        format!("raw/{video}/")
    }

    /// Where the file goes. No two revisions have the same place: the one is watched until the other
    /// is ready.
    pub(crate) fn key(&self) -> String {
        if self.replaces() {
            format!("raw/{}/{}/source", self.video, self.revision)
        } else {
            format!("raw/{}/source", self.video)
        }
    }
}
