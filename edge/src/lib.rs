//! The embedded edge: serves films from its disk, and what it lacks from the origin.
//!
//! It keeps no database and reads no events; a folder and the origin's address are all it needs.
//! Its HTTP contract is the one that an nginx edge serves: see `testkit::conformance::edge`.

mod address;
mod denials;
mod doorkeeper;
mod freshness;
mod http;
mod library;
mod origin;
mod range;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use platform_auth::PlaybackKey;
use platform_core::{Clock, Lifecycle, Redacted};
use platform_http::{BearerKeys, Client, Running, ServeError, Server, Service};
use serde::{Deserialize, Serialize};

pub use store::FolderError;

/// How the edge is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Threads that serve.
    pub workers: usize,
    /// Disk space for films. What was not asked for longest makes room.
    pub max_bytes: u64,
    /// The largest object that can be seeded.
    pub max_object_bytes: u64,
    /// Objects pulled from the origin at a time; each takes two sockets and a file. More than the
    /// origin lets wait for encoders, so that what exists is not held up by what does not yet.
    pub max_pulls: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 2,
            max_bytes: 20 << 30,
            max_object_bytes: 1 << 30,
            max_pulls: 256,
        }
    }
}

/// What the edge needs.
#[derive(Clone)]
pub struct Deps {
    /// Finds and calls the origin.
    pub client: Client,
    /// Ends the edge.
    pub lifecycle: Lifecycle,
    /// The folder of this edge alone.
    pub folder: PathBuf,
    /// What PUT and DELETE must carry.
    pub seed_key: Redacted,
    /// Checks the tokens of players.
    pub playback: PlaybackKey,
    /// Tells whether tokens have expired.
    pub clock: Arc<dyn Clock>,
}

/// An edge that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its folder is of no use.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Starts the edge. To be called within the runtime that its pulls shall run on.
pub async fn build(config: Config, deps: Deps) -> Result<Running, StartError> {
    let Deps {
        client,
        lifecycle,
        folder,
        seed_key,
        playback,
        clock,
    } = deps;
    let store = store::Store::open(&folder, config.max_bytes).await?;
    let denials = denials::Denials::open(&folder, Arc::clone(&clock)).await?;
    lifecycle.spawn(denials.clone().forget(lifecycle.clone()));
    lifecycle.spawn(store.clone().keep_to_budget(lifecycle.clone()));
    let server = Server {
        workers: config.workers,
        ..Server::public(Service::Edge)
    };
    let caller = client.clone();
    let runtime = tokio::runtime::Handle::current();
    let state = http::State {
        library: library::Library::new(store, client, config.max_pulls, lifecycle.clone(), runtime),
        doorkeeper: doorkeeper::Doorkeeper::new(playback, denials.clone(), clock),
        denials,
        keys: BearerKeys::new(&[seed_key]),
        max_object_bytes: config.max_object_bytes,
    };
    let running = platform_http::serve(server, &lifecycle, &caller, move |app| {
        http::routes(app, &state);
    })?;
    Ok(running)
}
