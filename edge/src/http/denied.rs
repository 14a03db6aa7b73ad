//! `/denied/…`: what is not let through any more, and how far this edge was told.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use platform_auth::Denied;
use platform_http::Problem;

use super::{State, nothing_here, options};

const MARK: &str = "/denied/mark";

/// Characters of a mark at most.
const MARK_LIMIT: usize = 64;

pub(super) async fn put(
    request: &HttpRequest,
    body: Result<String, actix_web::Error>,
    state: &State,
) -> Result<HttpResponse, Problem> {
    state.seeder(request)?;
    let path = request.uri().path();
    let new = if path == MARK {
        let mark = body.ok().filter(|mark| mark.len() <= MARK_LIMIT);
        let wrong = || Problem::bad_request("A mark is a short text.");
        state.denials.set_mark(mark.ok_or_else(wrong)?).await
    } else {
        let name = path.strip_prefix("/denied/").and_then(Denied::parse);
        state.denials.deny(name.ok_or_else(nothing_here)?).await
    };
    Ok(if new.map_err(Problem::internal)? {
        HttpResponse::Created()
            .insert_header((header::CONTENT_LENGTH, "0"))
            .finish()
    } else {
        HttpResponse::NoContent().finish()
    })
}

pub(super) fn get(request: &HttpRequest, state: &State) -> Result<HttpResponse, Problem> {
    if request.uri().path() != MARK {
        return Err(options::not_allowed());
    }
    state.seeder(request)?;
    let mark = state.denials.mark().ok_or_else(nothing_here)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain")
        .body(mark))
}
