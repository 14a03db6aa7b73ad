//! What operators ask the post-processor.

mod seeding;
mod verify;

use actix_web::web::{self, ServiceConfig};
use platform_core::Lifecycle;
use utoipa::OpenApi;

use crate::proof::Prover;
use crate::store::Tasks;

#[derive(OpenApi)]
#[openapi(
    info(title = "Marquee proofs"),
    tags((name = "operation", description = "Whether all is as it should be")),
    paths(verify::last_verification, verify::verify)
)]
struct Api;

/// What the service answers, as seen from outside.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

pub(crate) fn routes(app: &mut ServiceConfig, tasks: &Tasks, prover: &Prover, life: &Lifecycle) {
    app.app_data(web::Data::new(tasks.clone()))
        .app_data(web::Data::new(prover.clone()))
        .app_data(web::Data::new(life.clone()))
        .route("/internal/seeding", web::get().to(seeding::get))
        .service(verify::last_verification)
        .service(verify::verify);
}
