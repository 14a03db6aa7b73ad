//! The gateway: the one public address of a Marquee.
//!
//! It knows which service answers what ([`http::routes`]), forwards without reading bodies, puts
//! the watch page together from several services in one call, and serves the frontend.

mod assets;
mod forward;
mod headers;
mod http;
mod media;
mod network;
mod reached;
mod rules;
mod watch;
mod who;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use platform_core::{Clock, Lifecycle};
use platform_http::{Client, Running, ServeError, Server, Service};
use serde::{Deserialize, Serialize};
use url::Url;

pub use network::{Network, NoNetwork};
pub use rules::{RULES, Rule};
use who::{Accounts, Who};

/// How the gateway is to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Threads that serve.
    pub workers: usize,
    /// Its address as people see it, such as `https://films.example`, for what ends TLS in front of
    /// it. Default: where it listens.
    pub public_url: Option<Url>,
    /// Another host by which people reach it, such as `https://media.films.example`: films are served
    /// there alone, and nothing else is. Default: all on one host. For the embedded edge; others are
    /// on hosts of their own anyhow.
    pub media_url: Option<Url>,
    /// Whether everybody who reaches the gateway is the one owner, who may do everything. Otherwise
    /// people are recognised by what accounts says.
    pub open: bool,
    /// Proxies in front, such as `10.0.0.7` or `10.0.0.0/8`. Only they are believed who the client is
    /// (`x-forwarded-for`), and whether it used TLS (`x-forwarded-proto`).
    pub trusted_proxies: Vec<Network>,
    /// Seconds that it goes on serving when it is told to end, while `/health/ready` says that it is
    /// about to: a little more than a load balancer in front of several gateways takes to notice.
    pub notice_s: u64,
}

impl Config {
    /// Where players reach films: the origin of [`media_url`](Self::media_url), or nothing for that of
    /// the pages.
    pub fn media_origin(&self) -> String {
        let url = self.media_url.as_ref();
        url.map_or_else(String::new, |url| url.origin().ascii_serialization())
    }

    /// Whether films and pages are not told apart, although they are to be.
    pub fn confuses_media(&self) -> bool {
        let host = |url: &Option<Url>| {
            url.as_ref()
                .and_then(|url| url.host_str().map(str::to_owned))
        };
        let (pages, media) = (host(&self.public_url), host(&self.media_url));
        self.media_url.is_some() && (media.is_none() || pages == media)
    }

    /// The origin of the pages (RFC 6454), `https://films.example`.
    pub fn origin(&self) -> String {
        match &self.public_url {
            Some(url) => url.origin().ascii_serialization(),
            None => format!("http://{}", self.listen),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: 2,
            public_url: None,
            media_url: None,
            open: false,
            trusted_proxies: Vec::new(),
            notice_s: 0,
        }
    }
}

/// What the gateway needs.
#[derive(Clone)]
pub struct Deps {
    /// Finds and calls the services.
    pub client: Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ends the gateway.
    pub lifecycle: Lifecycle,
    /// The merged OpenAPI document of all services, as JSON.
    pub openapi: String,
    /// Bucket whose presigned URLs are forwarded to the object store of this machine; `None` where
    /// the object store has a public address of its own.
    pub bucket: Option<String>,
}

/// Starts the gateway.
pub fn build(config: &Config, deps: Deps) -> Result<Running, ServeError> {
    let server = Server {
        listen: Some(config.listen),
        workers: config.workers,
        notice: Duration::from_secs(config.notice_s),
        headers: headers::always(config),
        ..Server::public(Service::Gateway)
    };
    let Deps {
        client,
        clock,
        lifecycle,
        openapi,
        bucket,
    } = deps;
    let caller = client.clone();
    let who = if config.open {
        tracing::warn!(
            "nobody is asked to sign in: everybody who reaches the gateway is the owner and may do \
             everything"
        );
        Who::Everybody
    } else {
        let accounts = Arc::new(Accounts::new(client.by_itself(), clock));
        lifecycle.spawn(Arc::clone(&accounts).listen(lifecycle.clone()));
        Who::Accounts(accounts)
    };
    let state = http::State::new(client, openapi, bucket, config, who);
    platform_http::serve(server, &lifecycle, &caller, move |app| {
        http::routes(app, &state);
    })
}

/// The part of the OpenAPI document that the gateway answers itself.
pub fn openapi() -> utoipa::openapi::OpenApi {
    <watch::Api as utoipa::OpenApi>::openapi()
}
