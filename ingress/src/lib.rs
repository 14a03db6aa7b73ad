//! Uploads: who sends what, which parts are stored, and when a file is whole.
//!
//! The bytes go from the client straight to object storage by presigned URLs; what lies here is the
//! record that makes an upload resumable. A record is written before the multipart upload that it
//! speaks of is created, and the file is assembled before the record says so: whatever a crash
//! leaves behind, the next request or the [sweep] finishes or removes.

mod config;
mod consumer;
mod domain;
mod error;
mod flow;
mod http;
mod store;
mod sweep;

use std::sync::Arc;

use actix_web::web;
use platform_blob::Blobs;
use platform_bus::Bus;
use platform_core::{Clock, Lifecycle};
use platform_db::{Db, MigrateError};
use platform_http::{Client, ServeError, Server, Service, serve};
use url::Url;

pub use config::Config;
pub use domain::Quota;
pub use http::openapi;
pub use platform_http::Running;

use flow::Uploads;

/// What the service is given.
#[derive(Clone)]
pub struct Deps {
    /// Where upload records and the outbox are.
    pub db: Db,
    /// Brings the news of refused films.
    pub bus: Arc<dyn Bus>,
    /// Where the files go.
    pub blobs: Arc<dyn Blobs>,
    /// Where clients reach the object store; `None`: where they sent their request.
    pub public_objects: Option<Url>,
    /// Knows where services announce themselves.
    pub client: Client,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Runs the service's tasks.
    pub lifecycle: Lifecycle,
}

/// A service that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The tables cannot be made.
    #[error("the upload tables cannot be prepared")]
    Migrate(#[from] MigrateError),
    /// The server cannot listen.
    #[error("the upload service cannot serve")]
    Serve(#[from] ServeError),
}

/// Starts the service; it runs until `deps.lifecycle` drains.
pub async fn build(config: Config, deps: Deps) -> Result<Running, StartError> {
    deps.db.migrate("ingress", store::MIGRATIONS).await?;
    let config = Arc::new(config);
    let uploads = Uploads::new(&deps, Arc::clone(&config));
    deps.lifecycle.spawn(sweep::run(
        uploads.clone(),
        Arc::clone(&config),
        deps.lifecycle.clone(),
    ));
    deps.lifecycle.spawn(sweep::tell_progress(
        uploads.clone(),
        Arc::clone(&config),
        deps.lifecycle.clone(),
    ));
    let removals = Arc::new(consumer::Removals(uploads.clone()));
    deps.lifecycle.spawn_vital(
        "refused and deleted films",
        platform_bus::consume(Arc::clone(&deps.bus), removals, deps.lifecycle.clone()),
    );
    let uploads = web::Data::new(uploads);
    let routes = move |app: &mut web::ServiceConfig| {
        app.app_data(uploads.clone());
        http::configure(app);
    };
    let server = Server::internal(Service::Ingress).needing("its database", deps.db.probe());
    Ok(serve(server, &deps.lifecycle, &deps.client, routes)?)
}
