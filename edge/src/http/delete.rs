//! `DELETE`: an object, a revision, or all of a film.

use actix_web::{HttpRequest, HttpResponse};
use platform_http::Problem;

use super::{State, nothing_here};
use crate::address::Scope;

pub(super) async fn handle(request: &HttpRequest, state: &State) -> Result<HttpResponse, Problem> {
    state.seeder(request)?;
    let scope = Scope::parse(request.uri().path()).ok_or_else(nothing_here)?;
    let removed = state.library.remove(&scope).await;
    if removed.map_err(Problem::internal)? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(nothing_here())
    }
}
