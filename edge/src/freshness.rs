//! When the edge last knew that a manifest is the origin's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::address::Address;

/// How long a manifest is served without asking the origin.
pub(crate) const FRESH: Duration = Duration::from_secs(4);

/// Manifests remembered at most; a forgotten one is fetched again.
const LIMIT: usize = 8192;

#[derive(Debug, Clone)]
struct Check {
    at: Instant,
    etag: Option<String>,
}

/// What is known of manifests on the disk.
#[derive(Debug, Default)]
pub(crate) struct Freshness(Mutex<HashMap<Address, Check>>);

impl Freshness {
    fn checks(&self) -> std::sync::MutexGuard<'_, HashMap<Address, Check>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the manifest at `address` need not be asked for.
    pub(crate) fn is_fresh(&self, address: &Address) -> bool {
        self.checks()
            .get(address)
            .is_some_and(|check| check.at.elapsed() < FRESH)
    }

    /// The origin's tag of the manifest on the disk.
    pub(crate) fn etag(&self, address: &Address) -> Option<String> {
        self.checks().get(address)?.etag.clone()
    }

    /// What lies at `address` is the origin's under `etag`.
    pub(crate) fn renewed(&self, address: &Address, etag: Option<String>) {
        let mut checks = self.checks();
        if checks.len() >= LIMIT {
            checks.retain(|_, check| check.at.elapsed() < FRESH);
        }
        if checks.len() >= LIMIT {
            checks.clear();
        }
        let at = Instant::now();
        checks.insert(address.clone(), Check { at, etag });
    }

    /// What lies at `address` is good enough for now.
    pub(crate) fn postponed(&self, address: &Address) {
        let etag = self.etag(address);
        self.renewed(address, etag);
    }
}
