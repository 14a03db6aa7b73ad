//! News of what was encoded, for those who wait.
//!
//! Every origin hears everything, so each has a consumer group of its own. Nothing depends on a
//! message arriving, since the store is looked at too: commits are gathered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use media::plan::ObjectRef;
use platform_bus::{Bus, BusError, Delivery, Subscription, Topic};
use platform_core::Lifecycle;
use schemas::VideoId;
use schemas::v1::{ChunkEncoded, event::Payload};

use super::Origin;
use super::demand::Demand;

/// Messages taken at a time.
const BATCH: usize = 256;

/// Uncommitted messages at most.
const UNCOMMITTED: usize = 1024;

/// Quiet after which what was heard is committed.
const QUIET: Duration = Duration::from_secs(3);

/// How long to wait before joining again after a failure.
const AGAIN: Duration = Duration::from_secs(2);

/// Listens until `lifecycle` drains.
pub(crate) async fn listen(origin: Origin, bus: Arc<dyn Bus>, group: String, lifecycle: Lifecycle) {
    let topics = [Topic::TranscodeProgress.name().to_owned()];
    while !lifecycle.is_draining() {
        let outcome = match bus.subscribe(&group, &topics).await {
            Ok(mut subscription) => {
                let outcome = follow(&mut *subscription, &origin.0.demand, &lifecycle).await;
                subscription.close().await;
                outcome
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            report(&error);
            tokio::select! {
                () = lifecycle.draining() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }
}

fn report(error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "the origin hears late of what was encoded");
}

async fn follow(
    subscription: &mut dyn Subscription,
    demand: &Demand,
    lifecycle: &Lifecycle,
) -> Result<(), BusError> {
    let mut heard = Heard::default();
    loop {
        let batch = tokio::select! {
            () = lifecycle.draining() => return heard.commit(subscription).await,
            () = tokio::time::sleep(QUIET), if heard.count > 0 => {
                heard.commit(subscription).await?;
                continue;
            }
            batch = subscription.next(BATCH) => batch?,
        };
        for delivery in batch {
            tell(demand, &delivery);
            heard.add(delivery);
        }
        if heard.count >= UNCOMMITTED {
            heard.commit(subscription).await?;
        }
    }
}

/// The last message heard of each partition.
#[derive(Default)]
struct Heard {
    last: HashMap<i32, Delivery>,
    count: usize,
}

impl Heard {
    fn add(&mut self, delivery: Delivery) {
        self.count += 1;
        self.last.insert(delivery.partition, delivery);
    }

    async fn commit(&mut self, subscription: &mut dyn Subscription) -> Result<(), BusError> {
        self.count = 0;
        for (_, delivery) in self.last.drain() {
            match subscription.commit(&delivery).await {
                // Another origin of this name hears the partition now.
                Ok(()) | Err(BusError::Lost) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn tell(demand: &Demand, delivery: &Delivery) {
    match schemas::decode(&delivery.payload) {
        Ok(event) => {
            if let Some(Payload::ChunkEncoded(chunk)) = event.payload {
                encoded(demand, &chunk);
            }
        }
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "a message of the origin's news cannot be read");
        }
    }
}

fn encoded(demand: &Demand, chunk: &ChunkEncoded) {
    let Ok(video) = chunk.video_id.parse::<VideoId>() else {
        tracing::warn!("a message of the origin's news names no film");
        return;
    };
    let objects: Vec<ObjectRef> = chunk
        .paths
        .iter()
        .filter_map(|path| path.parse().ok())
        .collect();
    demand.made(&video, chunk.revision, &objects);
}
