//! What can go wrong, told apart as far as the protocol does.

use std::{error::Error, io};

use s3s::{S3Error, S3ErrorCode};

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("there is no such bucket")]
    NoSuchBucket,
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    #[error("there is no such object")]
    NoSuchKey,
    #[error("there is no such multipart upload; it was completed, aborted or never begun")]
    NoSuchUpload,
    #[error("a condition of the request does not hold")]
    PreconditionFailed,
    #[error("the object has not changed")]
    NotModified,
    #[error("part {0} is not stored with this ETag and checksum; upload it again")]
    InvalidPart(i32),
    #[error("the parts are not listed in ascending order")]
    InvalidPartOrder,
    #[error("part {0} is smaller than 5 MiB, which only the last part may be")]
    PartTooSmall(i32),
    #[error("a part arrived while the upload was being completed; complete it again")]
    Contended,
    #[error("{0}")]
    Invalid(&'static str),
    #[error("the range lies outside the object")]
    InvalidRange,
    #[error("the {0} of what arrived is not the one that was announced; send it again")]
    BadDigest(&'static str),
    #[error("fewer bytes arrived than were announced")]
    Incomplete(#[source] Option<Box<dyn Error + Send + Sync>>),
    #[error("more bytes arrived than were announced")]
    TooMuch,
    #[error("no data arrived for a minute")]
    Stalled,
    #[error("the disk is full; free some space and try again")]
    Full(#[source] Box<dyn Error + Send + Sync>),
    #[error("the object store is shutting down")]
    Closed,
    #[error("the object store cannot reach its files")]
    Io(#[source] io::Error),
    #[error("the object store cannot reach its index")]
    Index(#[source] sqlx::Error),
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // The last is how a limit of the process says so.
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full(Box::new(error)),
            _ => Self::Io(error),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        const SQLITE_FULL: &str = "13";
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        if code.as_deref() == Some(SQLITE_FULL) {
            Self::Full(Box::new(error))
        } else {
            Self::Index(error)
        }
    }
}

impl From<tokio::task::JoinError> for StoreError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Io(io::Error::other(error))
    }
}

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        use S3ErrorCode as Code;
        let code = match &error {
            StoreError::NoSuchBucket => Code::NoSuchBucket,
            StoreError::BucketNotEmpty => Code::BucketNotEmpty,
            StoreError::NoSuchKey => Code::NoSuchKey,
            StoreError::NoSuchUpload => Code::NoSuchUpload,
            StoreError::PreconditionFailed => Code::PreconditionFailed,
            StoreError::NotModified => Code::NotModified,
            StoreError::InvalidPart(_) => Code::InvalidPart,
            StoreError::InvalidPartOrder => Code::InvalidPartOrder,
            StoreError::PartTooSmall(_) => Code::EntityTooSmall,
            StoreError::Contended => Code::OperationAborted,
            StoreError::Invalid(_) => Code::InvalidRequest,
            StoreError::InvalidRange => Code::InvalidRange,
            StoreError::BadDigest(_) => Code::BadDigest,
            StoreError::Incomplete(_) => Code::IncompleteBody,
            StoreError::TooMuch => Code::EntityTooLarge,
            StoreError::Stalled => Code::RequestTimeout,
            StoreError::Full(_) => Code::Custom("InsufficientStorage".into()),
            StoreError::Closed => Code::ServiceUnavailable,
            StoreError::Io(_) | StoreError::Index(_) => Code::InternalError,
        };
        let mut answer = Self::with_message(code, error.to_string());
        if matches!(error, StoreError::Full(_)) {
            answer.set_status_code(hyper::StatusCode::INSUFFICIENT_STORAGE);
        }
        // The cause is for the log; the answer's text never has it.
        answer.set_source(Box::new(error));
        answer
    }
}
