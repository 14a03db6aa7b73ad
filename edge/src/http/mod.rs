//! The edge's contract over HTTP, which `testkit::conformance::edge` checks.

mod credential;
mod delete;
mod get;
mod headers;
mod options;
mod put;

use std::borrow::Borrow;
use std::io;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use platform_http::Problem;

use crate::library::Library;
use crate::store;
pub(crate) use credential::Credential;

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) library: Library,
    pub(crate) credential: Credential,
    pub(crate) max_object_bytes: u64,
}

/// One route for all methods: the raw path decides, not the router's reading of it.
pub(crate) fn routes(app: &mut ServiceConfig, state: &State) {
    app.app_data(web::Data::new(state.clone()))
        .route("/v/{rest:.*}", web::route().to(dispatch));
}

async fn dispatch(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = match *request.method() {
        Method::GET | Method::HEAD => get::handle(&request, &state).await,
        Method::OPTIONS => Ok(options::handle()),
        Method::PUT => put::handle(&request, payload, &state).await,
        Method::DELETE => delete::handle(&request, &state).await,
        _ => Err(options::not_allowed()),
    };
    let mut response = answer.unwrap_or_else(|problem| headers::problem(&problem));
    headers::common(&mut response);
    response
}

/// What the disk does not do. A full one answers `full`: room is being made.
fn disk_failed(
    error: impl Borrow<io::Error> + std::error::Error + Send + Sync + 'static,
    full: StatusCode,
) -> Problem {
    if !store::is_full(error.borrow()) {
        return Problem::internal(error);
    }
    Problem::new(
        full,
        "disk-full",
        "The disk of this edge is full",
        "This edge has no room at the moment and is removing what was not asked for longest. Try \
         again in a few seconds.",
    )
    .retry_after(2)
    .caused_by(error)
}

fn nothing_here() -> Problem {
    Problem::not_found("There is no part of a film at this address.")
}
