//! Why a film is not here.

use std::io;

use platform_blob::BlobError;

use media::probe::ProbeError;

use crate::toolbox::{Fault, ProbeFailure, RunError};

/// A film could not be brought here.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Its first bytes are of no format that is let in.
    #[error(
        "this file is not a video or sound file that can be read; export it as MP4 and upload that"
    )]
    NotMedia,
    /// It has no bytes.
    #[error("this file is empty; upload it again")]
    Empty,
    /// Not in the store (any more).
    #[error("the uploaded file is not in the store")]
    Gone,
    /// Larger than the space that staged films may take.
    #[error(
        "the film needs {size} bytes of scratch space, more than the {budget} that are allowed; raise the staging budget"
    )]
    NoRoom {
        /// Bytes needed.
        size: u64,
        /// Bytes allowed.
        budget: u64,
    },
    /// The store failed.
    #[error("the uploaded file could not be fetched")]
    Store(#[source] BlobError),
    /// This machine failed.
    #[error("the uploaded file could not be staged")]
    Machine(#[source] io::Error),
    /// Making an index for it failed.
    #[error("the film could not be prepared for encoding in pieces")]
    Normalise(#[source] RunError),
}

impl StageError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotMedia | Self::Empty => Fault::Source,
            Self::NoRoom { .. } => Fault::Limit,
            Self::Gone | Self::Store(_) | Self::Machine(_) => Fault::Ours,
            Self::Normalise(run) => run.fault(),
        }
    }

    /// A stable identifier for problem documents.
    pub const fn problem_type(&self) -> &'static str {
        match self {
            Self::NotMedia => "not-a-video",
            Self::Empty => "empty-file",
            Self::Gone => "source-gone",
            Self::NoRoom { .. } => "no-room",
            Self::Store(_) | Self::Machine(_) | Self::Normalise(_) => "staging-failed",
        }
    }
}

/// A failure of the store, as staging sees it.
pub(super) fn store_error(error: BlobError) -> StageError {
    if error.is_not_found() {
        StageError::Gone
    } else {
        StageError::Store(error)
    }
}

/// A failure of work on a film, which may come of working on too small a part of it.
pub trait WorkError {
    /// Whether a wrong index of the film would look like this.
    fn may_be_the_index(&self) -> bool;
}

impl WorkError for RunError {
    fn may_be_the_index(&self) -> bool {
        matches!(self, Self::Source { .. } | Self::Invalid { .. })
    }
}

impl WorkError for ProbeFailure {
    fn may_be_the_index(&self) -> bool {
        match self {
            Self::Run(run) => run.may_be_the_index(),
            Self::CutOff | Self::Refused(ProbeError::NotMedia) => true,
            _ => false,
        }
    }
}
