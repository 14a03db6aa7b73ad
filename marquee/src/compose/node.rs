//! What all services of a process share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use platform_blob::{Blobs, Retrying};
use platform_bus::Bus;
use platform_core::backoff::Backoff;
use platform_core::{Clock, Lifecycle, Redacted, SystemClock};
use platform_db::Db;
use platform_http::{Client, Discovery, Service};
use platform_passwords::Hasher;

use crate::cli::Failure;
use crate::config::Config;

use super::{events, objects};

/// The handles that services are built from.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) data: PathBuf,
    pub(crate) db: Db,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) blobs: Arc<dyn Blobs>,
    client: Client,
    /// Hashes all passwords of this process.
    pub(crate) hasher: Hasher,
    pub(crate) lifecycle: Lifecycle,
    gateway: OnceLock<SocketAddr>,
    claim: OnceLock<Redacted>,
}

impl Node {
    /// Opens the data folder. `ground` carries what services stand on, `life` the services.
    pub(crate) async fn open(
        config: &Config,
        serves_objects: bool,
        ground: &Lifecycle,
        life: &Lifecycle,
    ) -> Result<Self, Failure> {
        // Child processes get to see files by their absolute paths.
        let data = std::path::absolute(&config.data)?;
        tokio::fs::create_dir_all(data.join("run")).await?;
        let discovery = Discovery::new(config.addresses(), Some(data.join("run")));
        let store = objects::open(config, &data, serves_objects, &discovery, ground).await?;
        let db = Db::open(&config.database, &data, ground).await?;
        let (bus, db) = events::open(&config.events, db, ground).await?;
        let blobs = Retrying::new(store, Backoff::standard());
        blobs.ensure_bucket().await?;
        let trust = config.trust(&data)?;
        Ok(Self {
            data,
            db,
            bus,
            blobs: Arc::new(blobs),
            client: Client::new(discovery, trust, "marquee")?,
            hasher: config.accounts.hasher(),
            lifecycle: life.clone(),
            gateway: OnceLock::new(),
            claim: OnceLock::new(),
        })
    }

    /// Calls others in the name of `service`.
    pub(crate) fn client(&self, service: Service) -> Client {
        self.client.of(service)
    }

    /// The clock of every service.
    pub(crate) fn clock() -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// Where the gateway serves, if it runs here.
    pub(crate) fn gateway(&self) -> Option<SocketAddr> {
        self.gateway.get().copied()
    }

    /// Remembers where the gateway serves.
    pub(crate) fn set_gateway(&self, addr: SocketAddr) {
        // Only the gateway sets it, once.
        self.gateway.get_or_init(|| addr);
    }

    /// By what somebody becomes the first admin, while there is none and accounts run here.
    pub(crate) fn claim(&self) -> Option<&Redacted> {
        self.claim.get()
    }

    /// Remembers by what somebody becomes the first admin.
    pub(crate) fn set_claim(&self, token: Redacted) {
        // Accounts are started once.
        self.claim.get_or_init(|| token);
    }

    /// Closes the database, which checkpoints its log.
    pub(crate) async fn close(self) {
        self.db.close().await;
    }
}
