//! Holding a task while it is worked on.

use std::time::Duration;

use tracing::warn;

use super::Failure;
use crate::store::{Claim, Store, StoreError};

/// How long a lease is and how often it is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeaseTimes {
    /// Whoever does not renew for so long has lost the task.
    pub(crate) lease: Duration,
    /// How often to renew.
    pub(crate) heartbeat: Duration,
}

/// A held task.
#[derive(Debug)]
pub(crate) struct Lease<'a> {
    pub(crate) store: &'a Store,
    pub(crate) claim: &'a Claim,
    pub(crate) times: LeaseTimes,
}

impl Lease<'_> {
    /// Renews until the task is lost. A database that is away is no reason to let go: the fence
    /// decides when it is back.
    pub(crate) async fn keep(&self) -> Failure {
        loop {
            tokio::time::sleep(self.times.heartbeat).await;
            match self.store.renew(self.claim, self.times.lease).await {
                Ok(()) => {}
                Err(StoreError::Stale) => return Failure::Stale,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    warn!(error, "no heartbeat");
                }
            }
        }
    }

    /// Fails unless the task is ours at this moment: asked before anything is written.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        Ok(self.store.still_ours(self.claim, self.times.lease).await?)
    }
}
