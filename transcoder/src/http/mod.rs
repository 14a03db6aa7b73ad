//! What operators and other services ask.

mod holdings;
mod jobs;
mod tasks;
mod videos;

use actix_web::web::{self, ServiceConfig};
use platform_http::Problem;
use utoipa::OpenApi;

use crate::store::{Store, StoreError};

#[derive(OpenApi)]
#[openapi(
    info(title = "Marquee transcoder"),
    tags((name = "operation", description = "Whether all is as it should be")),
    paths(jobs::list_jobs, jobs::retry_job),
    // Parameters do not bring theirs along.
    components(schemas(jobs::JobState))
)]
struct Api;

/// What the service answers, as seen from outside.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Adds the routes.
pub(crate) fn routes(app: &mut ServiceConfig, store: &Store) {
    app.app_data(web::Data::new(store.clone()))
        .service(videos::availability::availability)
        .service(tasks::list::list)
        .service(tasks::retry::retry)
        .service(holdings::holdings)
        .service(jobs::list_jobs)
        .service(jobs::retry_job);
}

fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Db(error) if error.retryable() => Problem::unavailable(1, error),
        error => Problem::internal(error),
    }
}
