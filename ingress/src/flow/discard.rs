//! Removing what is stored of an upload that was no film, or whose film was deleted.

use platform_bus::{Topic, outbox};
use schemas::v1::event::Payload;
use schemas::v1::{VideoErased, VideoPart};
use schemas::{NewEvent, OwnerId, VideoId};
use tracing::{info, warn};

use super::Uploads;
use crate::domain::{State, Upload};
use crate::error::UploadError;
use crate::store::{self, Transition};

impl Uploads {
    /// Nothing can be made of `revision` of `video`: what is stored of its upload goes. What cannot be
    /// removed now is left to the sweep, which never gives up.
    pub(crate) async fn refuse(&self, video: &VideoId, revision: u32) -> Result<(), UploadError> {
        let uploads = self.store.of_video(video).await?.into_iter();
        let Some(upload) = uploads.into_iter().find(|one| one.revision == revision) else {
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

    /// The film is deleted: what is stored of its uploads goes, whatever their states.
    pub(crate) async fn erase(&self, video: &VideoId) -> Result<(), UploadError> {
        let now_ms = self.clock.now_ms();
        let gone_before = self
            .store
            .write(|mut tx| async move {
                store::discard_film(tx.conn(), video, now_ms).await?;
                let gone = store::is_all_gone(tx.conn(), video).await?;
                tx.commit().await?;
                Ok::<_, UploadError>(gone)
            })
            .await?;
        if !gone_before {
            return self.discard_film(video).await;
        }
        if self.clear(video).await? > 0 {
            // The event comes again.
            return Err(UploadError::Restarted);
        }
        self.tell_erased(video).await
    }

    /// Removes what may be stored of uploads of `video`, which nobody remembers or which were removed
    /// before: somebody found something, or nobody knows. How much is listed all the same.
    async fn clear(&self, video: &VideoId) -> Result<usize, UploadError> {
        let folder = Upload::folder_of(video);
        loop {
            let page = self.blobs.list(&folder, None).await?;
            if page.objects.is_empty() {
                break;
            }
            let keys: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
            self.blobs.delete_many(&keys).await?;
        }
        // Some stores list no multipart uploads but those of one key.
        let uploads = self.store.of_video(video).await?;
        let keys = uploads.iter().map(Upload::key);
        let mut left = 0;
        for key in keys.chain([folder.clone(), format!("{folder}source")]) {
            for open in self.blobs.list_multiparts(&key).await? {
                self.blobs.abort_multipart(&open.key, &open.id).await?;
            }
            left += self.blobs.list_multiparts(&key).await?.len();
        }
        Ok(left + self.blobs.list(&folder, None).await?.objects.len())
    }

    /// Removes what is stored of those uploads of `video` that are to be discarded.
    pub(super) async fn discard_film(&self, video: &VideoId) -> Result<(), UploadError> {
        for upload in self.store.of_video(video).await? {
            if upload.state == State::Discarding {
                self.discard_all(&upload).await?;
            }
        }
        Ok(())
    }

    /// Tells that nothing is stored of the film's upload.
    async fn tell_erased(&self, video: &VideoId) -> Result<(), UploadError> {
        let event = NewEvent::new(OwnerId::local(), erased(video, 0))
            .stamp(self.clock.now_ms(), &mut rand::rng());
        let event = &event;
        self.store
            .write(|mut tx| async move {
                outbox::append(&mut tx, Topic::Videos, video.as_str(), event).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Removes everything that is stored of `upload`, and tells it once nothing is listed any more.
    pub(crate) async fn discard_all(&self, upload: &Upload) -> Result<(), UploadError> {
        let key = upload.key();
        self.blobs.delete(&key).await?;
        for open in self.blobs.list_multiparts(&key).await? {
            self.blobs.abort_multipart(&open.key, &open.id).await?;
        }
        let left = self.blobs.list(&key, None).await?.objects.len()
            + self.blobs.list_multiparts(&key).await?.len();
        if left > 0 {
            warn!(upload = %upload.id, left, "something of a removed file is still stored");
            return Ok(());
        }
        let discarded = self
            .store
            .write(|mut tx| async move {
                let moving = Transition::new(upload, State::Discarded, self.clock.now_ms());
                if !moving.apply(tx.conn()).await? {
                    return Ok(false);
                }
                store::drop_parts(tx.conn(), &upload.id).await?;
                let all = store::is_all_gone(tx.conn(), &upload.video).await?;
                let of = if all { 0 } else { upload.revision };
                let event = self.event(upload, erased(&upload.video, of));
                outbox::append(&mut tx, Topic::Videos, upload.video.as_str(), &event).await?;
                tx.commit().await?;
                Ok::<_, UploadError>(true)
            })
            .await?;
        if discarded {
            info!(upload = %upload.id, video = %upload.video, "nothing is stored of a removed file");
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

/// Of `revision` alone nothing is left; 0: of none.
fn erased(video: &VideoId, revision: u32) -> Payload {
    Payload::VideoErased(VideoErased {
        video_id: video.to_string(),
        part: VideoPart::Source.into(),
        revision,
    })
}
