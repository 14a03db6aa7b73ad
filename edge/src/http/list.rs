//! `GET /films/`: what lies on the disk, for whoever looks whether something is left of a film. As
//! nginx lists a folder (`autoindex_format json`), sizes and times apart.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use platform_http::Problem;
use serde::Serialize;

use super::State;

pub(super) const PATH: &str = "/films/";

#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

pub(super) async fn handle(request: &HttpRequest, state: &State) -> Result<HttpResponse, Problem> {
    state.seeder(request)?;
    let films = state.library.store().films().await;
    let entries = films.map_err(Problem::internal)?.into_iter();
    let entries = entries.map(|name| Entry {
        name,
        kind: "directory",
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(entries.collect::<Vec<_>>()))
}
