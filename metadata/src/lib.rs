//! The catalogue: what every video is called, where it stands, and how it is found.
//!
//! Rows are made by events alone, which may come twice and in any order between topics, so the
//! [fold](domain) of events into a row is commutative and idempotent. The search index is derived
//! from the rows: each row says which version of it the index has, so that the [indexer] makes up
//! for any crash and can build it anew at any time.

mod consumer;
mod differences;
mod domain;
mod http;
mod indexer;
mod rebuilds;
mod removal;
pub mod search;
mod store;

use std::sync::Arc;

use actix_web::web;
use platform_auth::PlaybackKey;
use platform_bus::Bus;
use platform_core::{Clock, Lifecycle};
use platform_db::{Db, DbError, MigrateError};
use platform_http::{Client, ServeError, Server, Service, serve};
use platform_passwords::Hasher;

pub use http::openapi;
pub use http::rebuild::{REBUILD_PATH, RebuildStatus};
pub use platform_http::Running;
pub use removal::Retention;
pub use search::Config;

use consumer::Catalogue;
use indexer::Indexer;
use rebuilds::Rebuilds;
use search::{SearchError, SearchIndex};
use store::Store;

/// What the service is given.
#[derive(Clone)]
pub struct Deps {
    /// Where the catalogue's rows are.
    pub db: Db,
    /// Where events come from.
    pub bus: Arc<dyn Bus>,
    /// Knows where services announce themselves.
    pub client: Client,
    /// Hashes passwords of films; accounts in this process share its budget of memory.
    pub hasher: Hasher,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Runs the service's tasks.
    pub lifecycle: Lifecycle,
    /// Makes the tokens by which players fetch what viewers may see.
    pub playback: PlaybackKey,
}

/// A service that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The tables cannot be made.
    #[error("the catalogue's tables cannot be prepared")]
    Migrate(#[from] MigrateError),
    /// The search index cannot be opened.
    #[error("the search index cannot be opened")]
    Search(#[from] SearchError),
    /// The database failed.
    #[error("the catalogue cannot be read")]
    Db(#[from] DbError),
    /// The server cannot listen.
    #[error("the catalogue cannot serve")]
    Serve(#[from] ServeError),
}

/// Starts the service; it runs until `deps.lifecycle` drains.
pub async fn build(
    config: Config,
    retention: Retention,
    deps: Deps,
) -> Result<Running, StartError> {
    let (store, index) = open(&config, &deps.db).await?;
    let indexer = Arc::new(Indexer::new(store.clone(), Arc::clone(&index)));
    deps.lifecycle
        .spawn(Arc::clone(&indexer).run(deps.lifecycle.clone()));
    deps.lifecycle.spawn_vital(
        "catalogue",
        platform_bus::consume(
            Arc::clone(&deps.bus),
            Arc::new(Catalogue::new(store.clone())),
            deps.lifecycle.clone(),
        ),
    );
    deps.lifecycle.spawn(removal::run(
        store.clone(),
        retention.clone(),
        Arc::clone(&deps.clock),
        deps.lifecycle.clone(),
    ));
    let state = web::Data::new(http::State {
        store,
        retention,
        index,
        rebuilds: Rebuilds::new(indexer, deps.lifecycle.clone()),
        clock: Arc::clone(&deps.clock),
        playback: deps.playback,
        hasher: deps.hasher,
    });
    let routes = move |app: &mut web::ServiceConfig| {
        app.app_data(state.clone());
        http::configure(app);
    };
    let server = Server::internal(Service::Metadata).needing("its database", deps.db.probe());
    Ok(serve(server, &deps.lifecycle, &deps.client, routes)?)
}

async fn open(config: &Config, db: &Db) -> Result<(Store, Arc<dyn SearchIndex>), StartError> {
    db.migrate("metadata", store::MIGRATIONS).await?;
    let index = search::open(config).await?;
    Ok((Store::new(db), index))
}
