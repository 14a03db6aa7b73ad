//! The origin, as the edge sees it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use platform_http::{Client, Service};
use reqwest::{RequestBuilder, Response, StatusCode, header};

use crate::address::Address;

/// How long the origin may take in all to say whether a manifest has changed, when there is an
/// older one to serve instead.
const REVALIDATION: Duration = Duration::from_secs(5);

/// The largest problem document that is passed on.
const PROBLEM_LIMIT: usize = 64 << 10;

/// The origin did not give the object.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refusal {
    /// It said why: there is no such object, or not yet.
    #[error("the origin answered {status}")]
    Answered {
        status: u16,
        retry_after: Option<String>,
        problem: Bytes,
    },
    /// It said nothing useful.
    #[error("the origin cannot be reached")]
    Unreachable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Too much is being pulled already.
    #[error("too many objects are being pulled from the origin")]
    Busy,
    /// The answer could not be kept.
    #[error("the edge cannot write to its folder")]
    Disk(#[source] Arc<std::io::Error>),
}

impl Refusal {
    pub(crate) fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unreachable(Arc::new(error))
    }

    pub(crate) fn disk(error: std::io::Error) -> Self {
        Self::Disk(Arc::new(error))
    }

    /// Whether the origin is sure that there is no such object.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Answered { status: 404, .. })
    }
}

/// An answer with the object, or that it is what the edge has.
#[derive(Debug)]
pub(crate) enum Answer {
    Object(Response),
    Unchanged,
}

/// Asks the origin for the object at `address`, unless it is still `known`.
pub(crate) async fn ask(
    client: &Client,
    address: &Address,
    known: Option<&str>,
    have_older: bool,
) -> Result<Answer, Refusal> {
    let path = format!("/origin/{address}");
    let with = |request: RequestBuilder| {
        let request = match known {
            Some(etag) => request.header(header::IF_NONE_MATCH, etag),
            None => request,
        };
        if have_older {
            request.timeout(REVALIDATION)
        } else {
            request
        }
    };
    let answer = client.get(Service::EdgeProvider, &path, with).await;
    let answer = answer.map_err(Refusal::unreachable)?;
    match answer.status() {
        StatusCode::OK => Ok(Answer::Object(answer)),
        StatusCode::NOT_MODIFIED => Ok(Answer::Unchanged),
        StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE => Err(refusal(answer).await),
        _ => Err(Refusal::unreachable(Unexpected(answer.status()))),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the origin answered {0}, which is no answer to this question")]
struct Unexpected(StatusCode);

async fn refusal(mut answer: Response) -> Refusal {
    let status = answer.status().as_u16();
    let retry_after = answer
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .map(ToOwned::to_owned);
    let mut problem = Vec::new();
    // The status is the message; a document that breaks off is left out.
    while let Ok(Some(piece)) = answer.chunk().await {
        if problem.len() + piece.len() > PROBLEM_LIMIT {
            problem.clear();
            break;
        }
        problem.extend_from_slice(&piece);
    }
    Refusal::Answered {
        status,
        retry_after,
        problem: problem.into(),
    }
}

/// The tag by which the origin will know the object again.
pub(crate) fn etag(answer: &Response) -> Option<String> {
    let value = answer.headers().get(header::ETAG)?;
    value.to_str().ok().map(ToOwned::to_owned)
}
