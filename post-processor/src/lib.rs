//! Seeds edges, plays from them as a player would, and takes films live.
//!
//! Events only write rows ([`handler`]); one worker does what the rows say ([`work`]), with a lease
//! on each piece, so that a crash, a lost message or an edge that is down delays work and never
//! loses it. Every piece can be done twice.

mod domain;
mod edges;
mod handler;
mod http;
mod proof;
mod store;
mod work;

use std::collections::HashMap;
use std::sync::Arc;

use platform_auth::{PLAYBACK_LIFETIME_S, PlaybackKey};
use platform_blob::Blobs;
use platform_bus::Bus;
use platform_core::{Clock, Lifecycle, Redacted};
use platform_db::{Db, MigrateError};
use platform_http::{Client, Running, ServeError, Server, Service};
use serde::{Deserialize, Serialize};

pub use http::openapi;

use proof::Prover;
use store::{Films, MIGRATIONS, Tasks};
use work::{Limits, Wake, Workshop};

/// How the post-processor is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Films that are prepared for viewers at a time.
    pub at_once: usize,
    /// Parts of complete films that are brought to edges at a time.
    pub background_at_once: usize,
    /// How long a film that was replaced by another file can be played on by whoever began before, in
    /// seconds. By default as long as what they were given to play it lasts.
    pub keep_replaced_s: u32,
    /// Hours between two looks at whether rows, objects, edges and the search index agree; what can
    /// be mended safely is. 0: nobody looks unless asked to.
    pub verify_every_h: u32,
    /// Seconds after which what stands still is said to be stuck.
    pub stuck_after_s: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            at_once: 8,
            background_at_once: 2,
            keep_replaced_s: u32::try_from(PLAYBACK_LIFETIME_S).unwrap_or(u32::MAX),
            verify_every_h: 6,
            stuck_after_s: 15 * 60,
        }
    }
}

/// What the post-processor needs.
#[derive(Clone)]
pub struct Deps {
    /// Keeps what is to be done.
    pub db: Db,
    /// Brings the news.
    pub bus: Arc<dyn Bus>,
    /// Holds what is brought to edges.
    pub blobs: Arc<dyn Blobs>,
    /// Finds the edge-provider and calls edges.
    pub client: Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ends the post-processor.
    pub lifecycle: Lifecycle,
    /// What seeding edges takes, by the names that they give.
    pub credentials: HashMap<String, Redacted>,
    /// Makes the tokens by which films are played to see whether they do.
    pub playback: PlaybackKey,
}

/// A post-processor that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its tables cannot be made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Starts the post-processor.
pub async fn build(config: Config, deps: Deps) -> Result<Running, StartError> {
    let Deps {
        db,
        bus,
        blobs,
        client,
        clock,
        lifecycle,
        credentials,
        playback,
    } = deps;
    let probe = db.probe();
    let db = db.about("post-processor");
    db.migrate("post-processor", MIGRATIONS).await?;
    let caller = client.clone();
    let tasks = Tasks::new(db.clone());
    let wake = Wake::default();
    let films = Films::new(db);
    let edges = edges::Edges::new(client.clone(), credentials);
    let prover = Prover {
        client,
        blobs: Arc::clone(&blobs),
        edges: edges.clone(),
        films: films.clone(),
        tasks: tasks.clone(),
        clock: Arc::clone(&clock),
        stuck_ms: i64::from(config.stuck_after_s) * 1000,
        looking: Arc::default(),
    };
    let every_ms = i64::from(config.verify_every_h) * 3_600_000;
    lifecycle.spawn(proof::run(prover.clone(), every_ms, lifecycle.clone()));
    let workshop = Workshop {
        films,
        tasks: tasks.clone(),
        edges,
        blobs,
        playback,
        clock: Arc::clone(&clock),
        lifecycle: lifecycle.clone(),
        keep_replaced_ms: i64::from(config.keep_replaced_s) * 1000,
    };
    let limits = Limits {
        urgent: config.at_once.max(1),
        background: config.background_at_once.max(1),
    };
    lifecycle.spawn_vital(
        "post-processor work",
        work::run(workshop, limits, wake.clone()),
    );
    let told = handler::Told {
        tasks: tasks.clone(),
        clock,
        wake,
    };
    lifecycle.spawn_vital(
        "post-processor events",
        platform_bus::consume(Arc::clone(&bus), Arc::new(told), lifecycle.clone()),
    );
    let server = Server::internal(Service::PostProcessor).needing("its database", probe);
    let state = http::State {
        tasks,
        prover,
        bus,
        lifecycle: lifecycle.clone(),
    };
    let running = platform_http::serve(server, &lifecycle, &caller, move |app| {
        http::routes(app, &state);
    })?;
    Ok(running)
}
