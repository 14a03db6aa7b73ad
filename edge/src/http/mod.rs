//! The edge's contract over HTTP, which `testkit::conformance::edge` checks.

mod delete;
mod denied;
mod get;
mod headers;
mod list;
mod options;
mod put;

use std::borrow::Borrow;
use std::io;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use platform_http::{BearerKeys, Problem};

use crate::denials::Denials;
use crate::doorkeeper::Doorkeeper;
use crate::library::Library;
use crate::store;

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) library: Library,
    pub(crate) doorkeeper: Doorkeeper,
    pub(crate) denials: Denials,
    /// Those of whoever seeds and tells what is denied.
    pub(crate) keys: BearerKeys,
    pub(crate) max_object_bytes: u64,
}

impl State {
    /// Lets a request pass that bears the seeding key.
    fn seeder(&self, request: &HttpRequest) -> Result<(), Problem> {
        if self.keys.admit(request.headers()) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Seeding takes a credential",
            "Send the seeding key of this edge as a bearer token.",
        ))
    }
}

/// One route for each of the three trees: within them the raw path decides, not the router's reading
/// of it.
pub(crate) fn routes(app: &mut ServiceConfig, state: &State) {
    app.app_data(web::Data::new(state.clone()))
        .route("/v/{rest:.*}", web::route().to(play))
        .route("/films/{rest:.*}", web::route().to(seed))
        .route("/denied/{rest:.*}", web::route().to(deny));
}

async fn play(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    finish(match *request.method() {
        Method::GET | Method::HEAD => get::handle(&request, &state).await,
        Method::OPTIONS => Ok(options::handle()),
        _ => Err(options::not_allowed()),
    })
}

async fn seed(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    finish(match *request.method() {
        Method::PUT => put::handle(&request, payload, &state).await,
        Method::DELETE => delete::handle(&request, &state).await,
        Method::GET if request.uri().path() == list::PATH => list::handle(&request, &state).await,
        _ => Err(options::not_allowed()),
    })
}

async fn deny(
    request: HttpRequest,
    body: Result<String, actix_web::Error>,
    state: web::Data<State>,
) -> HttpResponse {
    finish(match *request.method() {
        Method::PUT => denied::put(&request, body, &state).await,
        Method::GET => denied::get(&request, &state),
        _ => Err(options::not_allowed()),
    })
}

fn finish(answer: Result<HttpResponse, Problem>) -> HttpResponse {
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
