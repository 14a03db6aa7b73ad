//! Internal addresses: the gateway does not forward them.

mod holdings;
mod tasks;
mod videos;

use actix_web::web::{self, ServiceConfig};
use platform_http::Problem;

use crate::store::{Store, StoreError};

/// Adds the routes.
pub(crate) fn routes(app: &mut ServiceConfig, store: &Store) {
    app.app_data(web::Data::new(store.clone()))
        .service(videos::availability::availability)
        .service(tasks::list::list)
        .service(tasks::retry::retry)
        .service(holdings::holdings);
}

fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::Db(error) if error.retryable() => Problem::unavailable(1, error),
        error => Problem::internal(error),
    }
}
