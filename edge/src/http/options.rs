//! `OPTIONS`: what a player of another origin may send.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use platform_http::Problem;

pub(super) fn handle() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ALLOW, "GET, HEAD, OPTIONS"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Range, If-None-Match, If-Range, Cache-Control, Traceparent",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

pub(super) fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This cannot be done here",
        "An edge answers GET and HEAD to players; PUT and DELETE are for whoever seeds it.",
    )
}
