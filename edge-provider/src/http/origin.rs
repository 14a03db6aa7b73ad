//! `GET /origin/{video}/{revision}/{path}`: what edges pull.

use actix_web::body::SizedStream;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use platform_http::Problem;

use super::State;
use crate::address::Address;
use crate::origin::OriginError;

pub(super) async fn get(
    request: HttpRequest,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let address = Address::parse(request.uri().path()).ok_or_else(nothing_here)?;
    let found = state.origin.open(&address).await.map_err(problem)?;
    let etag = found.head.etag.as_str();
    let known = request.headers().get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, etag))
            .finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag))
        .content_type(address.object.content_type())
        .body(SizedStream::new(found.head.size, found.bytes)))
}

fn nothing_here() -> Problem {
    Problem::not_found("There is no part of a film at this address.")
}

fn problem(error: OriginError) -> Problem {
    match error {
        OriginError::NotPlanned => nothing_here(),
        OriginError::NotYet => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-made-yet",
            "This part of the film is still being made",
            "The film is being processed and this part does not exist yet. Try again in a moment.",
        )
        .retry_after(2),
        OriginError::Busy => Problem::busy(2),
        OriginError::Store(_) | OriginError::Bus(_) => Problem::unavailable(2, error),
        OriginError::Plan(_) => Problem::internal(error),
    }
}
