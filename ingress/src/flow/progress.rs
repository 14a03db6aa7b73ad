//! Telling how much of an upload is stored. Parts go past this service, so it has to look.

use platform_bus::{Topic, outbox};
use schemas::v1::UploadProgressed;
use schemas::v1::event::Payload;

use super::Uploads;
use crate::domain::{State, Upload};
use crate::error::UploadError;
use crate::store;

impl Uploads {
    /// Looks at every upload that may be getting parts now: those for which addresses that are
    /// still valid were made.
    pub(crate) async fn tell_progress(&self) -> Result<(), UploadError> {
        let ttl = i64::try_from(self.config.presign_ttl().as_millis()).unwrap_or(i64::MAX);
        let since = self.clock.now_ms().saturating_sub(ttl);
        for upload in self.store.active(since).await? {
            match self.tell_stored(&upload).await {
                // Being assembled at this moment, or lost: whoever asks for it begins it again.
                Err(UploadError::Blob(error)) if error.is_not_found() => {}
                told => told?,
            }
        }
        Ok(())
    }

    async fn tell_stored(&self, upload: &Upload) -> Result<(), UploadError> {
        let (State::Open, Some(multipart)) = (upload.state, &upload.multipart) else {
            return Ok(());
        };
        let parts = self.verified_parts(upload, multipart).await?;
        let stored_bytes = parts.iter().map(|part| part.size).sum();
        if stored_bytes == upload.told_bytes {
            return Ok(());
        }
        self.store
            .write(|mut tx| async move {
                let Some(sequence) = store::note_stored(tx.conn(), upload, stored_bytes).await?
                else {
                    return Ok(());
                };
                let progressed = UploadProgressed {
                    video_id: upload.video.to_string(),
                    upload_id: upload.id.to_string(),
                    stored_bytes,
                    sequence,
                    revision: upload.revision,
                };
                let event = self.event(upload, Payload::UploadProgressed(progressed));
                outbox::append(&mut tx, Topic::Videos, upload.video.as_str(), &event).await?;
                Ok(tx.commit().await?)
            })
            .await
    }
}
