use std::{error::Error, fmt};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    primitives::ByteStreamError,
    types,
};

use crate::{BlobError, BlobErrorKind};

/// What an operation was about, for its error's sentence.
#[derive(Debug, Clone, Copy)]
pub(super) enum What<'a> {
    Bucket(&'a str),
    Key(&'a str),
    Upload(&'a str),
}

impl<'a> What<'a> {
    pub(super) fn bucket(name: &'a str) -> Self {
        Self::Bucket(name)
    }

    pub(super) fn key(key: &'a str) -> Self {
        Self::Key(key)
    }

    pub(super) fn upload(key: &'a str) -> Self {
        Self::Upload(key)
    }
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket {name:?}"),
            Self::Key(key) => write!(f, "object {key:?}"),
            Self::Upload(key) => write!(f, "multipart upload of {key:?}"),
        }
    }
}

/// Tells from the SDK's error what kind it is.
pub(super) fn sdk<E>(what: What<'_>, error: SdkError<E, HttpResponse>) -> BlobError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let code = error.code().map(str::to_owned);
    let detail = error.message().map(str::to_owned);
    let kind = match &error {
        SdkError::ConstructionFailure(_) => BlobErrorKind::Invalid,
        SdkError::ServiceError(service) => {
            kind_of(service.raw().status().as_u16(), code.as_deref())
        }
        _ => BlobErrorKind::Unavailable,
    };
    BlobError::new(kind, sentence(kind, what, detail.or(code).as_deref())).with_source(error)
}

fn sentence(kind: BlobErrorKind, what: What<'_>, detail: Option<&str>) -> String {
    let because = detail
        .map(|detail| format!(": {detail}"))
        .unwrap_or_default();
    match kind {
        BlobErrorKind::NotFound => format!("{what} does not exist"),
        BlobErrorKind::AlreadyExists => format!("{what} exists already"),
        BlobErrorKind::Denied => {
            format!("the object store refused access to {what}; check its credentials{because}")
        }
        BlobErrorKind::Invalid => {
            format!("the object store refused the request about {what}{because}")
        }
        BlobErrorKind::Full => {
            format!("the object store has no space left for {what}; free some{because}")
        }
        BlobErrorKind::Unavailable => {
            format!("the object store did not serve {what}; try again{because}")
        }
    }
}

fn kind_of(status: u16, code: Option<&str>) -> BlobErrorKind {
    match (status, code) {
        (507, _) | (_, Some("InsufficientStorage" | "XMinioStorageFull")) => BlobErrorKind::Full,
        // A missing bucket is a mistake of the set-up, not an object that is not there; but
        // whoever makes sure of the bucket asks about nothing else.
        (404, _) => BlobErrorKind::NotFound,
        (412, _) => BlobErrorKind::AlreadyExists,
        (401 | 403, _) => BlobErrorKind::Denied,
        // 409: two conditional writes met; the protocol says to try again.
        // What takes long begins its answer with 200, and may still fail.
        (408 | 409 | 429 | 500.., _)
        | (_, Some("RequestTimeout" | "SlowDown" | "InternalError" | "ServiceUnavailable")) => {
            BlobErrorKind::Unavailable
        }
        _ => BlobErrorKind::Invalid,
    }
}

/// The first error of a batch delete.
pub(super) fn of_batch(error: &types::Error) -> BlobError {
    let kind = match error.code() {
        Some("AccessDenied") => BlobErrorKind::Denied,
        _ => BlobErrorKind::Unavailable,
    };
    let what = What::Key(error.key().unwrap_or_default());
    BlobError::new(kind, sentence(kind, what, error.message()))
}

pub(super) fn unreadable(key: &str, error: ByteStreamError) -> BlobError {
    let kind = BlobErrorKind::Unavailable;
    BlobError::new(
        kind,
        sentence(kind, What::Key(key), Some("the connection broke")),
    )
    .with_source(error)
}

pub(super) fn unbuildable(key: &str, error: BuildError) -> BlobError {
    let kind = BlobErrorKind::Invalid;
    BlobError::new(kind, sentence(kind, What::Key(key), None)).with_source(error)
}

pub(super) fn incomplete(key: &str) -> BlobError {
    let kind = BlobErrorKind::Unavailable;
    BlobError::new(
        kind,
        sentence(kind, What::Upload(key), Some("its answer has no upload id")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_status_and_code() {
        let cases = [
            (404, Some("NoSuchKey"), BlobErrorKind::NotFound),
            (
                412,
                Some("PreconditionFailed"),
                BlobErrorKind::AlreadyExists,
            ),
            (
                409,
                Some("ConditionalRequestConflict"),
                BlobErrorKind::Unavailable,
            ),
            (403, Some("SignatureDoesNotMatch"), BlobErrorKind::Denied),
            (400, Some("BadDigest"), BlobErrorKind::Invalid),
            (400, Some("RequestTimeout"), BlobErrorKind::Unavailable),
            (416, Some("InvalidRange"), BlobErrorKind::Invalid),
            (503, Some("SlowDown"), BlobErrorKind::Unavailable),
            (200, Some("InternalError"), BlobErrorKind::Unavailable),
            (507, None, BlobErrorKind::Full),
        ];
        for (status, code, kind) in cases {
            assert_eq!(kind_of(status, code), kind, "{status} {code:?}");
        }
    }
}
