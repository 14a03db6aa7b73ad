//! Removing what is stored of an upload that was no film.

use schemas::VideoId;
use tracing::{info, warn};

use super::Uploads;
use crate::domain::{State, Upload};
use crate::error::UploadError;
use crate::store::Transition;

impl Uploads {
    /// Nothing can be made of `video`: what is stored of its upload goes. What cannot be removed
    /// now is left to the sweep, which never gives up.
    pub(crate) async fn refuse(&self, video: &VideoId) -> Result<(), UploadError> {
        let Some(upload) = self.store.of_video(video).await? else {
            return Ok(());
        };
        let upload = match upload.state {
            State::Complete => match self.moved(&upload, State::Discarding).await? {
                Some(upload) => upload,
                None => return Ok(()),
            },
            State::Discarding => upload,
            _ => return Ok(()),
        };
        if let Err(error) = self.discard_all(&upload).await {
            let error: &dyn std::error::Error = &error;
            warn!(upload = %upload.id, error, "a refused file is left for the sweep to remove");
        }
        Ok(())
    }

    /// Removes everything that is stored of `upload`, and notes it once nothing is listed any more.
    pub(crate) async fn discard_all(&self, upload: &Upload) -> Result<(), UploadError> {
        let (folder, key) = (upload.folder(), upload.key());
        self.blobs.delete(&key).await?;
        for open in self.blobs.list_multiparts(&key).await? {
            self.blobs.abort_multipart(&open.key, &open.id).await?;
        }
        let left = self.blobs.list(&folder, None).await?.objects.len()
            + self.blobs.list_multiparts(&key).await?.len();
        if left > 0 {
            warn!(upload = %upload.id, left, "something of a refused file is still stored");
            return Ok(());
        }
        if self.moved(upload, State::Discarded).await?.is_some() {
            info!(upload = %upload.id, video = %upload.video, "nothing is stored of a refused file");
        }
        Ok(())
    }

    /// The upload in state `to`, unless somebody else has moved it.
    pub(super) async fn moved(
        &self,
        upload: &Upload,
        to: State,
    ) -> Result<Option<Upload>, UploadError> {
        self.store
            .write(|mut tx| async move {
                let moving = Transition::new(upload, to, self.clock.now_ms());
                let moved = moving.apply(tx.conn()).await?;
                tx.commit().await?;
                Ok(moved.then(|| Upload {
                    state: to,
                    ..upload.clone()
                }))
            })
            .await
    }
}
