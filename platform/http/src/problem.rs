//! Errors as RFC 9457 problem documents.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::request;

/// The body of an error answer (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    /// Stable, for programs: `/problems/` and a slug.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same few words for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence about this occurrence that says what to do.
    pub detail: String,
    /// Finds the request in logs and traces.
    pub request_id: String,
}

/// An error answer: what the caller is told, and the cause that only the log is told.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
    retry_after_s: Option<u32>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    /// A problem of the stable type `slug`.
    pub fn new(
        status: StatusCode,
        slug: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            slug,
            title,
            detail: detail.into(),
            retry_after_s: None,
            cause: None,
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request is not valid",
            detail,
        )
    }

    /// 401: nobody is signed in, or not any more. A page that gets it refreshes its session, or has
    /// people sign in.
    pub fn signed_out(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "signed-out",
            "Nobody is signed in",
            detail,
        )
    }

    /// 403: it is known who asks, and they may not.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "This is not allowed",
            detail,
        )
    }

    /// 403: whoever asks can watch the video once they know its password.
    pub fn password_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "password-required",
            "This takes a password",
            "Whoever sent you this link knows the password of the video: enter it to watch.",
        )
    }

    /// 404, also for what the caller may not know of.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is nothing here",
            detail,
        )
    }

    /// 503: a dependency is away; the caller should come back in `seconds`.
    pub fn unavailable(
        seconds: u32,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available at the moment",
            "A part of the service is not available at the moment. Try again in a few seconds.",
        )
        .retry_after(seconds)
        .caused_by(cause)
    }

    /// 503: all is well but too much is asked for at a time; the caller should come back in
    /// `seconds`.
    pub fn busy(seconds: u32) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too much to do at the moment",
            "Too much is being asked for at the moment. Try again in a few seconds.",
        )
        .retry_after(seconds)
    }

    /// 429: somebody who guesses has to wait for `seconds`.
    pub fn too_many_tries(seconds: u32) -> Self {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-tries",
            "Too many tries",
            format!("There were too many tries. Try again in {seconds} {unit}."),
        )
        .retry_after(seconds)
    }

    /// 500: our fault; the log knows more.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
            "The server made a mistake. Tell its operator the request id.",
        )
        .caused_by(cause)
    }

    /// Keeps the cause for the log. A failure of ours has one, which makes it an error there; a
    /// 5xx without one is only back-pressure.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Adds `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Whether something of ours failed, rather than that the caller asked for too much, or too
    /// early.
    fn is_ours(&self) -> bool {
        self.status == StatusCode::INTERNAL_SERVER_ERROR
            || (self.status.is_server_error() && self.cause.is_some())
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The document for a request known as `request_id`.
    pub fn document(&self, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            kind: format!("/problems/{}", self.slug),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause: &(dyn std::error::Error + 'static) = self.cause.as_deref()?;
        Some(cause)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Logs the cause here, once, since here the answer is final.
    fn error_response(&self) -> HttpResponse {
        if self.is_ours() {
            let error: &dyn std::error::Error = self;
            tracing::error!(error, slug = self.slug, "request failed");
        } else if self.status.is_server_error() {
            tracing::debug!(slug = self.slug, "the caller was asked to come back");
        }
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(self.document(&request::current_id()))
    }
}
