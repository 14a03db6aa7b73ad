//! What was found, for people and programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compare::{Kind, Mend};
use super::look::Compared;

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Repair {
    /// No program can mend it: see `advice`.
    Impossible,
    /// It is mended when somebody asks for it.
    Possible,
    /// It has begun, and takes a moment.
    Begun,
    /// It did not succeed: see the log.
    Failed,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    /// Of which film; absent when it is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) video_id: Option<String>,
    /// A sentence.
    pub(crate) what: String,
    pub(crate) repair: Repair,
    /// What to do where no program can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

/// What a look at everything brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Report {
    /// When it began, RFC 3339.
    pub(crate) at: String,
    /// How long it took, in milliseconds.
    pub(crate) took_ms: u64,
    pub(crate) compared: Compared,
    /// By kind and film; the first thousand.
    pub(crate) findings: Vec<Finding>,
    /// How many there are.
    pub(crate) found: u64,
    /// What could not be looked at, and why: nothing is known of it.
    pub(crate) unseen: Vec<String>,
}

/// What an operator does where no program can.
pub(crate) fn advice(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::MissingSource => {
            "Restore the object from a backup. What was made of it plays on; without the file it \
             can neither be made again nor completed: replace the film, or delete it."
        }
        Kind::MissingMedia => {
            "Restore the objects from a backup, or upload the film again and delete this one."
        }
        Kind::StuckUpload | Kind::StuckEncoding => {
            "See `marquee admin jobs`: whether planners and workers run, and why tasks fail. A dead \
             letter of the transcoder keeps news from it: `marquee admin dlq`."
        }
        Kind::StuckPublishing => {
            "See whether its edges answer, and `/internal/seeding` of the post-processor."
        }
        Kind::UnheardUpload => {
            "See `marquee admin dlq` for dead letters of metadata, and whether it runs: news waits \
             for it. When its row was lost with a backup, upload the film again."
        }
        _ => return None,
    })
}

/// What becomes of what `mend` mends before somebody does.
pub(crate) fn repair(mend: &Mend) -> Repair {
    match mend {
        Mend::Nothing => Repair::Impossible,
        _ => Repair::Possible,
    }
}
