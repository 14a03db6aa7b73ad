//! Removes what was thrown away when it cannot be taken back any more, and what belongs to users who
//! are gone.

use std::sync::Arc;
use std::time::Duration;

use platform_core::{Clock, Lifecycle};
use platform_db::DbError;
use schemas::{NewEvent, OwnerId, VideoId};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::domain::news;
use crate::store::Store;

/// A look without an occasion.
const AT_LEAST_EVERY: Duration = Duration::from_secs(10);
/// Between two looks, however much happens.
const AT_MOST_EVERY: Duration = Duration::from_millis(200);
/// Videos that are removed between two looks.
const BATCH: i64 = 100;

/// What becomes of videos that their owners remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Hours within which an owner can take back what they threw away; 0: it is gone at once.
    pub grace_h: u32,
}

impl Retention {
    /// What was thrown away at this moment is gone at `now_ms`.
    fn over_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(i64::from(self.grace_h) * 3_600_000)
    }
}

/// Removes what is to be removed until `lifecycle` drains.
pub(crate) async fn run(
    store: Store,
    retention: Retention,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
) {
    let mut changes = store.changes();
    loop {
        changes.borrow_and_update();
        if let Err(error) = remove_all(&store, &retention, &*clock, &lifecycle).await {
            let error: &dyn std::error::Error = &error;
            warn!(error, "what is to be removed waits for the database");
        }
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(AT_MOST_EVERY) => {}
        }
        tokio::select! {
            () = lifecycle.draining() => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(AT_LEAST_EVERY) => {}
        }
    }
}

async fn remove_all(
    store: &Store,
    retention: &Retention,
    clock: &dyn Clock,
    lifecycle: &Lifecycle,
) -> Result<(), DbError> {
    while !lifecycle.is_draining() {
        let over = retention.over_ms(clock.now_ms());
        let videos = store.to_remove(over, BATCH).await?;
        if videos.is_empty() {
            return Ok(());
        }
        for (video, owner) in videos {
            remove(store, clock, &video, &owner).await?;
        }
    }
    Ok(())
}

async fn remove(
    store: &Store,
    clock: &dyn Clock,
    video: &VideoId,
    owner: &OwnerId,
) -> Result<(), DbError> {
    let now = clock.now_ms();
    let tell = |left: &crate::domain::Video| {
        NewEvent::new(owner.clone(), news(left)).stamp(now, &mut rand::rng())
    };
    let removed = store
        .change(video, |video| Ok(video.deleted(now)), tell)
        .await?;
    if removed.is_ok() {
        info!(%video, "removed for good");
    }
    Ok(())
}
