//! What is done again and again: finishing and removing what crashes and impatient clients left
//! behind, and telling how far uploads are.

use std::sync::Arc;
use std::time::Duration;

use platform_core::Lifecycle;
use tracing::{info, warn};

use crate::Config;
use crate::error::UploadError;
use crate::flow::Uploads;

/// Uploads of which nothing is stored are remembered this long, so that their clients learn what happened.
const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Sweeps at once, and then again and again until `lifecycle` drains.
pub(crate) async fn run(uploads: Uploads, config: Arc<Config>, lifecycle: Lifecycle) {
    let interval = Duration::from_millis(config.sweep_interval_ms);
    repeat(interval, &lifecycle, || sweep(&uploads, &config)).await;
}

/// Tells how far uploads are until `lifecycle` drains.
pub(crate) async fn tell_progress(uploads: Uploads, config: Arc<Config>, lifecycle: Lifecycle) {
    let interval = Duration::from_millis(config.progress_interval_ms);
    repeat(interval, &lifecycle, || uploads.tell_progress()).await;
}

async fn repeat<F: Future<Output = Result<(), UploadError>>>(
    interval: Duration,
    lifecycle: &Lifecycle,
    mut look: impl FnMut() -> F,
) {
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            looked = look() => {
                if let Err(error) = looked {
                    let error: &dyn std::error::Error = &error;
                    warn!(error, "could not look after unfinished uploads; will try again");
                }
            }
        }
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(interval) => {}
        }
    }
}

async fn sweep(uploads: &Uploads, config: &Config) -> Result<(), UploadError> {
    let now = uploads.clock.now_ms();
    uploads.blobs.ensure_bucket().await?;
    for upload in uploads.store.untouched("completing", now).await? {
        match uploads.complete(&upload).await {
            Ok(_) => info!(upload = %upload.id, "finished an upload that was interrupted"),
            Err(UploadError::Restarted) => {}
            Err(error) => return Err(error),
        }
    }
    let idle = config.idle_since(now);
    for upload in uploads.store.untouched("discarding", now).await? {
        uploads.discard_all(&upload).await?;
    }
    for state in ["opening", "open"] {
        for upload in uploads.store.untouched(state, idle).await? {
            match uploads.abandon(&upload, Some(idle)).await {
                // Somebody came back to it at this moment.
                Ok(()) | Err(UploadError::Closed(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    remove_orphans(uploads, config.orphan_since(now)).await?;
    let forgotten = now.saturating_sub(REMEMBERED_MS);
    Ok(uploads.store.forget_gone(forgotten).await?)
}

/// Removes multipart uploads that a record's key has and the record does not speak of: records come
/// first, so there are no others. Stores are asked about one key at a time, which all of them can
/// answer. Young ones may be about to get into their record.
async fn remove_orphans(uploads: &Uploads, since_ms: i64) -> Result<(), UploadError> {
    for upload in uploads.store.unswept(since_ms).await? {
        let now = uploads.clock.now_ms();
        let mut young = false;
        for open in uploads.blobs.list_multiparts(&upload.key()).await? {
            let in_use =
                upload.state.is_unfinished() && upload.multipart.as_ref() == Some(&open.id);
            if in_use {
                continue;
            }
            if open.created_unix_ms.is_none_or(|at| at > since_ms) {
                young = true;
                continue;
            }
            info!(upload = %upload.id, "removing parts that belong to no upload");
            uploads.blobs.abort_multipart(&open.key, &open.id).await?;
        }
        if !young {
            uploads.store.note_swept(&upload.id, now).await?;
        }
    }
    Ok(())
}
