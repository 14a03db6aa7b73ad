//! How deep the queue is, for dashboards.

use std::time::Duration;

use platform_core::Lifecycle;
use platform_telemetry::metrics;
use tracing::debug;

use crate::domain::Priority;
use crate::store::Store;

/// Between two looks; nothing is looked at while nothing changes.
const EVERY: Duration = Duration::from_secs(5);

/// Reports the queue's depth until `lifecycle` drains.
pub(crate) async fn run(store: Store, lifecycle: Lifecycle) {
    let mut changes = store.changes();
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            next = changes.changed() => if next.is_err() { return },
        }
        match store.depths().await {
            Ok(depths) => report(&depths),
            Err(error) => debug!(%error, "the queue cannot be measured"),
        }
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

fn report(depths: &[(i64, i64)]) {
    for priority in Priority::ALL {
        let depth = depths.iter().find(|(rank, _)| *rank == priority.rank());
        let tasks = depth.map_or(0, |(_, tasks)| u64::try_from(*tasks).unwrap_or(0));
        metrics::queue_depth(priority.name(), tasks);
    }
}
