//! Headers that every answer has, and those of each kind of object.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use platform_http::Problem;

use crate::address::Address;

/// Players run on other origins than edges, and need to see these.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Accept-Ranges, Content-Length, Content-Range, ETag, Retry-After, X-Request-Id",
);
const ANYONE: HeaderValue = HeaderValue::from_static("*");
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

/// The answer that tells `problem`.
pub(super) fn problem(problem: &Problem) -> HttpResponse {
    problem.error_response()
}

/// Adds what every answer has.
pub(super) fn common(response: &mut HttpResponse) {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(TIMING_ALLOW_ORIGIN, ANYONE);
    headers.insert(
        header::CROSS_ORIGIN_RESOURCE_POLICY,
        HeaderValue::from_static("cross-origin"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if failed {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// How long the object may be kept, and only by whoever asked: caches in between do not look at
/// tokens. A segment's bytes never change under one revision.
pub(super) fn cache_control(address: &Address) -> &'static str {
    if address.is_manifest() {
        "private, max-age=4"
    } else {
        "private, max-age=31536000, immutable"
    }
}
