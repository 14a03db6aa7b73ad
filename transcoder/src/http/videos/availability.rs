//! Which parts of a film exist.

use actix_web::{get, web};
use platform_http::Problem;
use schemas::VideoId;

use crate::http::problem;
use crate::store::{Availability, Store};

/// What exists of a film, for the watch page.
#[get("/internal/videos/{id}/availability")]
pub(in crate::http) async fn availability(
    id: web::Path<VideoId>,
    store: web::Data<Store>,
) -> Result<web::Json<Availability>, Problem> {
    store
        .availability(&id)
        .await
        .map_err(problem)?
        .map(web::Json)
        .ok_or_else(|| Problem::not_found("This video has no plan (yet)."))
}
