//! Reports how far a group is behind.

use std::sync::Arc;
use std::time::Duration;

use platform_core::Lifecycle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::debug;

use crate::Bus;

const EVERY: Duration = Duration::from_secs(15);

/// Reports the lag of `group` on `topics` until `lifecycle` drains. Every process of the group
/// reports the lag of the whole group.
pub(super) async fn report(
    bus: Arc<dyn Bus>,
    group: &'static str,
    topics: Vec<String>,
    lifecycle: Lifecycle,
) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            _ = tick.tick() => {}
        }
        for topic in &topics {
            match bus.lag(group, topic).await {
                Ok(lag) => platform_telemetry::metrics::bus_lag(group, topic, lag),
                Err(error) => {
                    let reason: &dyn std::error::Error = &error;
                    debug!(error = reason, group, topic, "the lag is not known");
                }
            }
        }
    }
}
