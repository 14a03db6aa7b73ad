//! Edges: which there are, which hold what, and the origin that they pull from.

mod address;
mod denials;
mod domain;
mod health;
mod http;
mod origin;
mod store;

use std::collections::HashMap;
use std::sync::Arc;

use platform_blob::Blobs;
use platform_bus::Bus;
use platform_core::{Clock, Lifecycle, Redacted};
use platform_db::{Db, DbError, MigrateError};
use platform_http::{BearerKeys, Client, Running, ServeError, Server, Service};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use url::Url;

use denials::{DENIED, Denials, Teller, news};
use origin::Origin;
use store::{EDGES, Edge, Edges};

/// The embedded edge's id.
const EMBEDDED: &str = "embedded";

/// Open to edges, too, by what seeding them takes: nginx cannot make service tokens, which differ from
/// request to request. Nothing below it changes anything.
const ORIGIN: &str = "/origin/";

/// Name of the credential in the data folder, which all edges have until another is configured.
const DEFAULT_CREDENTIAL: &str = "default";

/// How the edge-provider is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the edge inside Marquee is one of the edges.
    pub embedded: bool,
    /// The others.
    pub edges: Vec<EdgeConfig>,
    /// On how many edges a film is kept.
    pub replicas: usize,
    /// Seconds that a request waits for a segment to be encoded.
    pub patience_s: u64,
    /// Requests that wait at a time: more than encoders serve within the patience, and fewer than
    /// an edge may pull, so that what exists is still delivered.
    pub max_waiting: usize,
    /// Those of one film, so that the others keep some places.
    pub max_waiting_per_film: usize,
    /// Tells origins that run side by side apart; stays the same over restarts.
    pub instance: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            embedded: true,
            edges: Vec::new(),
            replicas: 2,
            patience_s: 25,
            max_waiting: 192,
            max_waiting_per_film: 128,
            instance: "1".to_owned(),
        }
    }
}

/// An edge outside Marquee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeConfig {
    /// Its name.
    pub id: String,
    /// How services reach it.
    pub url: String,
    /// How players reach it.
    pub public_url: String,
    /// Name of the credential that seeding it takes.
    #[serde(default = "default_credential")]
    pub credential: String,
}

fn default_credential() -> String {
    DEFAULT_CREDENTIAL.to_owned()
}

/// What the edge-provider needs.
#[derive(Clone)]
pub struct Deps {
    /// Keeps the registry.
    pub db: Db,
    /// Tells the encoders what is wanted, and hears what was made.
    pub bus: Arc<dyn Bus>,
    /// Holds what edges pull.
    pub blobs: Arc<dyn Blobs>,
    /// Finds the embedded edge, checks the others, tells all, and asks accounts.
    pub client: Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ends the edge-provider.
    pub lifecycle: Lifecycle,
    /// Scheme, host and port by which players reach the embedded edge; empty for those of the pages.
    pub embedded_origin: String,
    /// What seeding edges takes, by the names that they give: edges show it when they pull.
    pub credentials: HashMap<String, Redacted>,
}

/// An edge-provider that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its tables cannot be made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// An edge cannot be reached at what is configured.
    #[error("the address of the edge {id} is none such as http://10.0.0.7:8081")]
    Address {
        /// The edge.
        id: String,
        /// Why.
        #[source]
        source: url::ParseError,
    },
    /// The edges cannot be registered.
    #[error("the edges cannot be registered")]
    Register(#[source] DbError),
    /// It cannot listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Starts the edge-provider.
pub async fn build(config: Config, deps: Deps) -> Result<Running, StartError> {
    let Deps {
        db,
        bus,
        blobs,
        client,
        clock,
        lifecycle,
        credentials,
        embedded_origin,
    } = deps;
    let registered = registered(&config, &embedded_origin)?;
    let probe = db.probe();
    let db = db.about("edge-provider");
    db.migrate("edge-provider", &[EDGES, DENIED]).await?;
    let denials = Denials::new(db.clone());
    let edges = Edges::new(db);
    let several = registered.len() > 1;
    edges
        .register(&registered)
        .await
        .map_err(StartError::Register)?;
    let origin = Origin::new(
        blobs,
        Arc::clone(&bus),
        Arc::clone(&clock),
        lifecycle.clone(),
        &config,
    );
    let news_from = Arc::clone(&bus);
    let group = format!("origin-{}", config.instance);
    lifecycle.spawn(origin::listen(
        origin.clone(),
        bus,
        group,
        lifecycle.clone(),
    ));
    let keys: Vec<_> = credentials.values().cloned().collect();
    let told = Arc::new(Notify::new());
    let news = news::News {
        denials: denials.clone(),
        clock: Arc::clone(&clock),
        told: Arc::clone(&told),
    };
    let teller = Teller::new(
        edges.clone(),
        denials,
        client.clone(),
        credentials,
        Arc::clone(&clock),
        told,
    );
    if several {
        let behind = teller.behind().clone();
        let (edges, client) = (edges.clone(), client.clone());
        lifecycle.spawn(health::watch(
            edges,
            client,
            clock,
            behind,
            lifecycle.clone(),
        ));
    }
    refuse(news, teller, news_from, &client, &lifecycle);
    let caller = client.clone();
    let state = http::State {
        edges,
        origin,
        client,
        replicas: config.replicas.max(1),
    };
    let server = Server::internal(Service::EdgeProvider)
        .bearers_below(ORIGIN, BearerKeys::new(&keys))
        .needing("its database", probe);
    let running = platform_http::serve(server, &lifecycle, &caller, move |app| {
        http::routes(app, &state);
    })?;
    Ok(running)
}

/// Has edges refuse what they must.
fn refuse(
    news: news::News,
    teller: Teller,
    bus: Arc<dyn Bus>,
    client: &Client,
    lifecycle: &Lifecycle,
) {
    lifecycle.spawn(teller.run(lifecycle.clone()));
    lifecycle.spawn(news::listen(
        news.clone(),
        client.clone(),
        lifecycle.clone(),
    ));
    lifecycle.spawn_vital(
        "edge-provider events",
        platform_bus::consume(bus, Arc::new(news), lifecycle.clone()),
    );
}

fn registered(config: &Config, embedded_origin: &str) -> Result<Vec<Edge>, StartError> {
    let mut edges = Vec::new();
    if config.embedded {
        edges.push(edge(EMBEDDED, "", embedded_origin, DEFAULT_CREDENTIAL));
    }
    for one in &config.edges {
        for address in [&one.url, &one.public_url] {
            Url::parse(address).map_err(|source| StartError::Address {
                id: one.id.clone(),
                source,
            })?;
        }
        edges.push(edge(&one.id, &one.url, &one.public_url, &one.credential));
    }
    Ok(edges)
}

fn edge(id: &str, url: &str, public_url: &str, credential: &str) -> Edge {
    Edge {
        id: id.to_owned(),
        url: url.trim_end_matches('/').to_owned(),
        public_url: public_url.trim_end_matches('/').to_owned(),
        credential: credential.to_owned(),
        healthy: true,
        last_seen_ms: 0,
    }
}
