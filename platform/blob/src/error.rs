use std::error::Error;

use thiserror::Error as ThisError;

/// What went wrong, as far as a caller has to tell cases apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlobErrorKind {
    /// There is no such object, multipart upload or bucket.
    NotFound,
    /// A put with `if_absent` lost: the object is already there.
    AlreadyExists,
    /// Credentials are wrong, or they may not do this.
    Denied,
    /// The request can never succeed: a wrong checksum, part or range.
    Invalid,
    /// The store is out of space.
    Full,
    /// The store did not answer, or asked to be left alone for a moment.
    Unavailable,
}

/// Why an operation on the object store failed.
#[derive(Debug, ThisError)]
#[error("{message}")]
pub struct BlobError {
    kind: BlobErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl BlobError {
    /// An error without a cause of its own.
    pub fn new(kind: BlobErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The same error with the cause it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> BlobErrorKind {
        self.kind
    }

    /// Whether the same call can succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self.kind, BlobErrorKind::Unavailable | BlobErrorKind::Full)
    }

    /// Whether the thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind == BlobErrorKind::NotFound
    }

    /// Whether an `if_absent` put found the object already there.
    pub fn is_already_exists(&self) -> bool {
        self.kind == BlobErrorKind::AlreadyExists
    }
}
