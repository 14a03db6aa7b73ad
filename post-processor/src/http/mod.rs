//! What operators ask the post-processor.

mod dead_letters;
mod seeding;
mod verify;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use platform_bus::Bus;
use platform_core::Lifecycle;
use utoipa::OpenApi;

use crate::proof::Prover;
use crate::store::Tasks;

#[derive(OpenApi)]
#[openapi(
    info(title = "Marquee proofs"),
    tags((name = "operation", description = "Whether all is as it should be")),
    paths(
        verify::last_verification,
        verify::verify,
        dead_letters::list_dead_letters,
        dead_letters::replay_dead_letter,
        dead_letters::drop_dead_letter,
    )
)]
struct Api;

/// What the service answers, as seen from outside.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) tasks: Tasks,
    pub(crate) prover: Prover,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) lifecycle: Lifecycle,
}

pub(crate) fn routes(app: &mut ServiceConfig, state: &State) {
    app.app_data(web::Data::new(state.tasks.clone()))
        .app_data(web::Data::new(state.prover.clone()))
        .app_data(web::Data::new(Arc::clone(&state.bus)))
        .app_data(web::Data::new(state.lifecycle.clone()))
        .route("/internal/seeding", web::get().to(seeding::get))
        .service(verify::last_verification)
        .service(verify::verify)
        .service(dead_letters::list_dead_letters)
        .service(dead_letters::replay_dead_letter)
        .service(dead_letters::drop_dead_letter);
}
