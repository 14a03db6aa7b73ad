//! What the edge-provider answers. All of it is internal: the gateway forwards none of it.

mod edges;
mod origin;
mod placement;

use actix_web::web::{self, ServiceConfig};
use platform_http::Client;

use crate::origin::Origin;
use crate::store::Edges;

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) edges: Edges,
    pub(crate) origin: Origin,
    pub(crate) client: Client,
    pub(crate) replicas: usize,
}

pub(crate) fn routes(app: &mut ServiceConfig, state: &State) {
    app.app_data(web::Data::new(state.clone()))
        .route("/origin/{rest:.*}", web::get().to(origin::get))
        .route("/internal/placement/{video}", web::get().to(placement::get))
        .route("/internal/edges", web::get().to(edges::list))
        .route("/internal/edges/closest", web::get().to(edges::closest));
}
