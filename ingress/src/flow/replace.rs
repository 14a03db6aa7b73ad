//! A file in the place of another: an upload like any, of the next revision of a video that is there.

use schemas::VideoId;
use tracing::info;

use super::Uploads;
use crate::domain::{State, Upload};
use crate::error::UploadError;
use crate::store;

impl Uploads {
    /// Records `upload` as the next revision of its owner's `video`, and gives up what else was on its
    /// way there: of several the last one counts.
    pub(super) async fn insert_replacing(
        &self,
        upload: &Upload,
        video: &VideoId,
    ) -> Result<Upload, UploadError> {
        let begun = self
            .store
            .write(|mut tx| async move {
                self.make_room(&mut tx, upload).await?;
                let (conn, owner) = (tx.conn(), &upload.owner);
                // In one transaction, so that what a deletion has not seen does not begin.
                let found = store::replaced(conn, video, owner).await?;
                let (replaced, revision) = found.ok_or(UploadError::NothingToReplace)?;
                let upload = Upload {
                    video: video.clone(),
                    revision,
                    names: replaced.names,
                    visibility: replaced.visibility,
                    ..upload.clone()
                };
                store::insert(conn, &upload, self.clock.as_ref()).await?;
                tx.commit().await?;
                Ok::<_, UploadError>(upload)
            })
            .await?;
        info!(upload = %begun.id, %video, revision = begun.revision, "a file is to be replaced");
        for other in self.store.of_video(video).await? {
            let open = matches!(other.state, State::Opening | State::Open);
            if open && other.replaces() && other.revision < begun.revision {
                match self.abandon(&other, None).await {
                    // All of it is there by now: what is older goes when the newer one is live.
                    Ok(()) | Err(UploadError::Closed(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(begun)
    }

    /// Revisions of `video` before `revision` were replaced: what is stored of them goes.
    pub(crate) async fn discard_replaced(
        &self,
        video: &VideoId,
        revision: u32,
    ) -> Result<(), UploadError> {
        let now_ms = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                store::discard_older(tx.conn(), video, revision, now_ms).await?;
                Ok::<_, UploadError>(tx.commit().await?)
            })
            .await?;
        self.discard_film(video).await
    }
}
