//! `GET` and `HEAD`: an object, a part of it, or that it has not changed; for whoever may have it.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use platform_http::Problem;

use super::{State, disk_failed, headers, nothing_here};
use crate::address::{Address, Shown};
use crate::doorkeeper::Refused;
use crate::origin::Refusal;
use crate::range::{self, Wanted};
use crate::store::Stored;

pub(super) async fn handle(request: &HttpRequest, state: &State) -> Result<HttpResponse, Problem> {
    let shown = Shown::parse(request.uri().path()).ok_or_else(nothing_here)?;
    // Before anything is looked up: without a token all of a film is the same.
    state.doorkeeper.admit(&shown).map_err(refused_playback)?;
    let address = shown.address().ok_or_else(nothing_here)?;
    match state.library.get(&address).await {
        Ok(stored) => Ok(answer(request, &address, &stored)),
        Err(refusal) => refused(refusal),
    }
}

fn answer(request: &HttpRequest, address: &Address, stored: &Stored) -> HttpResponse {
    let text = |name: HeaderName| request.headers().get(name)?.to_str().ok();
    let etag = stored.etag.as_str();
    if range::is_known(text(header::IF_NONE_MATCH), etag) {
        return begin(StatusCode::NOT_MODIFIED, address, stored).finish();
    }
    // Ranges are defined for GET only.
    let asked = text(header::RANGE).filter(|_| {
        request.method() == Method::GET && range::range_holds(text(header::IF_RANGE), etag)
    });
    let (status, part) = match range::wanted(asked, stored.size) {
        Wanted::Whole => (StatusCode::OK, 0..stored.size),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Impossible => return impossible(stored.size),
    };
    let mut response = begin(status, address, stored);
    response.content_type(address.object.content_type());
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (part.start, part.end.saturating_sub(1));
        let content_range = format!("bytes {first}-{last}/{}", stored.size);
        response.insert_header((header::CONTENT_RANGE, content_range));
    }
    send(
        &mut response,
        stored,
        part,
        request.method() == Method::HEAD,
    )
}

fn begin(status: StatusCode, address: &Address, stored: &Stored) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    response
        .insert_header((header::ETAG, stored.etag.as_str()))
        .insert_header((header::CACHE_CONTROL, headers::cache_control(address)))
        .insert_header((header::ACCEPT_RANGES, "bytes"));
    response
}

fn send(
    response: &mut HttpResponseBuilder,
    stored: &Stored,
    part: Range<u64>,
    head_only: bool,
) -> HttpResponse {
    let length = part.end - part.start;
    if head_only {
        let nothing = futures_util::stream::empty::<Result<_, std::io::Error>>();
        return response.body(SizedStream::new(length, nothing));
    }
    match stored.in_memory(&part) {
        Some(bytes) => response.body(bytes),
        None => response.body(SizedStream::new(length, stored.pieces(part))),
    }
}

fn impossible(size: u64) -> HttpResponse {
    let problem = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range-not-satisfiable",
        "The range lies outside the file",
        format!("The file has {size} bytes: ask for a range within them."),
    );
    let mut response = headers::problem(&problem);
    if let Ok(value) = format!("bytes */{size}").parse() {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

/// Why does not matter to players, and would tell others something.
fn refused_playback(why: Refused) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "playback-refused",
        "This address is not valid",
        "This address is not valid any more: load the page of the film again.",
    )
    .caused_by(why)
}

/// What the origin said of an object that it did not give is passed on as it came.
fn refused(refusal: Refusal) -> Result<HttpResponse, Problem> {
    match refusal {
        Refusal::Answered {
            status,
            retry_after,
            problem,
        } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = HttpResponseBuilder::new(status);
            response.content_type("application/problem+json");
            if let Some(seconds) = retry_after {
                response.insert_header((header::RETRY_AFTER, seconds));
            }
            Ok(response.body(problem))
        }
        Refusal::Unreachable(_) => Err(Problem::unavailable(2, refusal)),
        Refusal::Busy => Err(Problem::busy(2)),
        Refusal::Disk(error) => Err(disk_failed(error, StatusCode::SERVICE_UNAVAILABLE)),
    }
}
