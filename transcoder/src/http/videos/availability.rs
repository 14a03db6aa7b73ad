//! Which parts of a film exist.

use actix_web::{get, web};
use platform_http::Problem;
use schemas::VideoId;
use serde::Deserialize;

use crate::domain::FilmKey;
use crate::http::problem;
use crate::store::{Availability, Store};

/// Which film is meant.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Which {
    /// The revision that is watched.
    #[serde(default)]
    revision: u32,
}

/// What exists of a film, for the watch page.
#[get("/internal/videos/{id}/availability")]
pub(in crate::http) async fn availability(
    id: web::Path<VideoId>,
    which: web::Query<Which>,
    store: web::Data<Store>,
) -> Result<web::Json<Availability>, Problem> {
    store
        .availability(&FilmKey::told(id.into_inner(), which.revision))
        .await
        .map_err(problem)?
        .map(web::Json)
        .ok_or_else(|| Problem::not_found("This video has no plan (yet)."))
}
