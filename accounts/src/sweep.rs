//! What is done again and again: removing what is of no more use, replacing keys.

use std::time::Duration;

use platform_core::Lifecycle;
use tracing::warn;

use crate::error::AccountError;
use crate::flow::Accounts;

/// Sweeps at once, and then again and again until `lifecycle` drains.
pub(crate) async fn run(accounts: Accounts, interval_ms: u64, lifecycle: Lifecycle) {
    let interval = Duration::from_millis(interval_ms.max(1));
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            swept = sweep(&accounts) => if let Err(error) = swept {
                let error: &dyn std::error::Error = &error;
                warn!(error, "could not look after the rows of accounts; will try again");
            }
        }
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}

async fn sweep(accounts: &Accounts) -> Result<(), AccountError> {
    accounts.keys.look().await?;
    Ok(accounts.store.forget(accounts.clock.now_ms()).await?)
}
