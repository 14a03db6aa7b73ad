//! Accounts: users, sessions, API tokens, and the keys that sign access tokens.
//!
//! Somebody who signs in gets an *access token*, which every gateway checks by itself with the
//! published keys, and a *refresh token*, which only this service knows and which gives the next
//! access token. What ends before an access token expires is told by revocations, which gateways
//! ask for every few seconds.
//!
//! No row has a secret that can be used: passwords are there as Argon2id hashes, tokens and links
//! as digests, and the seeds of the signing keys are sealed.

mod config;
mod console;
mod domain;
mod error;
mod flow;
mod http;
mod keys;
mod links;
mod mail;
mod oidc;
mod store;
mod sweep;

use std::sync::Arc;

use actix_web::web;
use platform_core::{Clock, Lifecycle, Redacted};
use platform_db::{Db, MigrateError};
use platform_http::{Client, ServeError, Server, Service, serve};
use platform_passwords::Hasher;

pub use config::{Config, Registration};
pub use console::{IssueError, NewApiToken, issue_token};
pub use http::openapi;
pub use links::{Link, LinkSender, OperatorLinks, Purpose};
pub use mail::{Encryption, MailError, Mailer, Smtp};
pub use oidc::Oidc;

use error::AccountError;
use flow::Accounts;

/// Largest body that is taken, bytes: nothing here is long.
const LARGEST_BODY: usize = 64 << 10;

/// What the service is given.
#[derive(Clone)]
pub struct Deps {
    /// Where the rows are.
    pub db: Db,
    /// Brings links to people.
    pub links: Arc<dyn LinkSender>,
    /// What all services share: seals what only they may read. Each of its lines opens, the first
    /// seals.
    pub secret: Redacted,
    /// Scheme, host and port by which people reach the site: providers send them back there.
    pub origin: String,
    /// Knows where services announce themselves.
    pub client: Client,
    /// Hashes passwords; whoever else does in this process shares its budget of memory.
    pub hasher: Hasher,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Runs the service's tasks.
    pub lifecycle: Lifecycle,
}

/// The service runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// Where it listens.
    pub addr: std::net::SocketAddr,
    /// While there is no admin: the token by which somebody becomes the first, for the operator to
    /// see.
    pub claim: Option<Redacted>,
}

/// A service that could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The tables cannot be made.
    #[error("the tables of accounts cannot be prepared")]
    Migrate(#[from] MigrateError),
    /// The keys or the first link cannot be made.
    #[error("accounts cannot be prepared")]
    Prepare(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server cannot listen.
    #[error("accounts cannot be served")]
    Serve(#[from] ServeError),
}

impl From<AccountError> for StartError {
    fn from(error: AccountError) -> Self {
        Self::Prepare(Box::new(error))
    }
}

/// Starts the service; it runs until `deps.lifecycle` drains.
pub async fn build(config: Config, deps: Deps) -> Result<Running, StartError> {
    deps.db.migrate("accounts", store::MIGRATIONS).await?;
    let sweep_interval_ms = config.sweep_interval_ms;
    let accounts = Accounts::new(config, &deps).await?;
    accounts.keys.look().await?;
    let claim = accounts.offer_claim().await?;
    deps.lifecycle.spawn(sweep::run(
        accounts.clone(),
        sweep_interval_ms,
        deps.lifecycle.clone(),
    ));
    let accounts = web::Data::new(accounts);
    let routes = move |app: &mut web::ServiceConfig| {
        app.app_data(accounts.clone());
        http::configure(app);
    };
    let server = Server {
        json_limit: LARGEST_BODY,
        ..Server::internal(Service::Accounts).needing("its database", deps.db.probe())
    };
    let running = serve(server, &deps.lifecycle, &deps.client, routes)?;
    Ok(Running {
        addr: running.addr,
        claim,
    })
}
