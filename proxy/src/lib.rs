//! The gateway: the one public address of a Marquee.
//!
//! It knows which service answers what ([`http::routes`]), forwards without reading bodies, puts
//! the watch page together from several services in one call, and serves the frontend.

mod assets;
mod forward;
mod http;
mod watch;

use std::net::SocketAddr;
use std::time::Duration;

use platform_core::Lifecycle;
use platform_http::{Client, Running, ServeError, Server, Service};
use serde::{Deserialize, Serialize};
use url::Url;

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
    /// Seconds that it goes on serving when it is told to end, while `/health/ready` says that it is
    /// about to: a little more than a load balancer in front of several gateways takes to notice.
    pub notice_s: u64,
}

impl Config {
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
            notice_s: 0,
        }
    }
}

/// What the gateway needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Finds and calls the services.
    pub client: Client,
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
        ..Server::public(Service::Gateway)
    };
    let Deps {
        client,
        lifecycle,
        openapi,
        bucket,
    } = deps;
    let caller = client.clone();
    let state = http::State::new(client, openapi, bucket, config.public_url.clone());
    platform_http::serve(server, &lifecycle, &caller, move |app| {
        http::routes(app, &state);
    })
}

/// The part of the OpenAPI document that the gateway answers itself.
pub fn openapi() -> utoipa::openapi::OpenApi {
    <watch::Api as utoipa::OpenApi>::openapi()
}
