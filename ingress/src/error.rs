//! Why an upload did not go on.

use platform_blob::BlobError;
use platform_db::{DbError, WriteError};

use crate::domain::{Full, State};

/// Why an upload did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// There is no such upload, or it is somebody else's.
    #[error("there is no such upload")]
    NotFound,
    /// There is no film of theirs that is whole.
    #[error("there is no film of theirs to be replaced")]
    NothingToReplace,
    /// The request makes no sense, for the reason given.
    #[error("{0}")]
    Invalid(String),
    /// The file is larger than the operator allows.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// Largest size that is taken.
        limit: u64,
    },
    /// It is more than its owner may upload.
    #[error("the owner may not upload that much")]
    Full(Full),
    /// The upload is past the point where this can be done.
    #[error("the upload is {}", .0.name())]
    Closed(State),
    /// Parts are not stored as they were announced.
    #[error("{} parts are missing", .0.len())]
    PartsMissing(Vec<u32>),
    /// The object store has lost what was sent; the upload has begun again.
    #[error("the object store has lost the parts")]
    Restarted,
    /// The database failed.
    #[error("the upload record cannot be read or written")]
    Db(#[from] DbError),
    /// The object store failed.
    #[error("the object store failed")]
    Blob(#[from] BlobError),
}

impl UploadError {
    /// Whether the database or the object store is away.
    pub(crate) fn is_away(&self) -> bool {
        match self {
            Self::Db(error) => error.retryable(),
            Self::Blob(error) => error.retryable(),
            _ => false,
        }
    }
}

impl WriteError for UploadError {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for UploadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
