//! `GET /internal/seeding`: how much is to be done, and what fails.

use actix_web::{HttpResponse, web};
use platform_http::{Internal, Problem};

use crate::store::Tasks;

pub(super) async fn get(
    _operator: Internal,
    tasks: web::Data<Tasks>,
) -> Result<HttpResponse, Problem> {
    let status = tasks.status().await;
    let status = status.map_err(|error| Problem::unavailable(1, error))?;
    Ok(HttpResponse::Ok().json(status))
}
