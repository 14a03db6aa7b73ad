//! From the last part to the news that the video is there.

use platform_blob::{BlobErrorKind, MultipartId, Part};
use platform_bus::{Topic, outbox};
use platform_db::DbError;
use schemas::v1::VideoUploaded;
use schemas::v1::event::Payload;
use tracing::{Instrument as _, error, info, info_span};

use super::Uploads;
use crate::domain::{State, Upload};
use crate::error::UploadError;
use crate::store::{self, Transition};

impl Uploads {
    /// Assembles the file once all of it is stored. Can be called again at any time, by anyone,
    /// also after a crash in the middle.
    pub(crate) async fn complete(&self, upload: &Upload) -> Result<Upload, UploadError> {
        let (upload, parts) = match upload.state {
            State::Complete | State::Discarding | State::Discarded => return Ok(upload.clone()),
            State::Opening | State::Abandoned => return Err(UploadError::Closed(upload.state)),
            State::Completing => (upload.clone(), None),
            State::Open => self.close(upload).await?,
        };
        match upload.state {
            State::Completing => {
                // All that follows belongs to the trace in which the upload began, not to the one
                // of this request.
                let span = info_span!("ingress.complete", upload = %upload.id);
                platform_telemetry::set_parent(&span, &upload.traceparent);
                self.finish(&upload, parts).instrument(span).await
            }
            State::Complete | State::Discarding | State::Discarded => Ok(upload),
            state => Err(UploadError::Closed(state)),
        }
    }

    /// Checks that every part is there and takes no more. The parts, if nobody else did so first.
    async fn close(&self, upload: &Upload) -> Result<(Upload, Option<Vec<Part>>), UploadError> {
        let parts = match &upload.multipart {
            Some(multipart) => self.verified_parts(upload, multipart).await,
            None => Ok(Vec::new()),
        };
        let parts = match parts {
            Err(UploadError::Blob(error)) if error.is_not_found() => {
                // Another request may just have assembled the file.
                let now = self.get(&upload.id, &upload.owner).await?;
                if now.state != State::Open {
                    return Ok((now, None));
                }
                self.restart(&now).await?;
                return Err(UploadError::Restarted);
            }
            parts => parts?,
        };
        let missing = missing(upload, &parts);
        if !missing.is_empty() {
            return Err(UploadError::PartsMissing(missing));
        }
        match self.moved(upload, State::Completing).await? {
            Some(closed) => Ok((closed, Some(parts))),
            None => Ok((self.get(&upload.id, &upload.owner).await?, None)),
        }
    }

    /// Assembles the object, if a crash has not come between that and the record, and tells.
    async fn finish(
        &self,
        upload: &Upload,
        parts: Option<Vec<Part>>,
    ) -> Result<Upload, UploadError> {
        let Some(multipart) = &upload.multipart else {
            return Err(UploadError::Closed(upload.state));
        };
        let size = self.assemble(upload, multipart, parts).await?;
        if size != Some(upload.size) {
            let now = self.get(&upload.id, &upload.owner).await?;
            if now.state != State::Completing {
                return Ok(now);
            }
            error!(upload = %upload.id, "the object is not what was uploaded");
            self.restart(&now).await?;
            return Err(UploadError::Restarted);
        }
        let longest_s = self.longest_film(&upload.owner).await?;
        let completed = self
            .store
            .write(|mut tx| async move {
                let completing = Transition::new(upload, State::Complete, self.clock.now_ms());
                if !completing.apply(tx.conn()).await? {
                    return Ok(false);
                }
                store::drop_parts(tx.conn(), &upload.id).await?;
                let event = self.event(upload, Payload::VideoUploaded(uploaded(upload, longest_s)));
                outbox::append(&mut tx, Topic::Transcode, upload.video.as_str(), &event).await?;
                tx.commit().await?;
                Ok::<_, DbError>(true)
            })
            .await?;
        if !completed {
            let now = self.get(&upload.id, &upload.owner).await?;
            if matches!(now.state, State::Discarding | State::Discarded) {
                // The film was deleted while the object was being made.
                self.blobs.delete(&upload.key()).await?;
            }
            return Ok(now);
        }
        info!(upload = %upload.id, video = %upload.video, "upload complete");
        Ok(Upload {
            state: State::Complete,
            ..upload.clone()
        })
    }

    /// Makes the object out of the parts, which are looked up unless they are known; nothing is
    /// left to do when that has happened before. The object's size, if there is one.
    async fn assemble(
        &self,
        upload: &Upload,
        multipart: &MultipartId,
        parts: Option<Vec<Part>>,
    ) -> Result<Option<u64>, UploadError> {
        let parts = match parts {
            Some(parts) => parts,
            None => match self.verified_parts(upload, multipart).await {
                Err(UploadError::Blob(error)) if error.is_not_found() => {
                    return self.size(upload).await;
                }
                parts => parts?,
            },
        };
        if !missing(upload, &parts).is_empty() {
            // The parts were there when the upload was closed: the store lost some.
            return self.size(upload).await;
        }
        let key = upload.key();
        match self.blobs.complete_multipart(&key, multipart, &parts).await {
            Ok(head) => Ok(Some(head.size)),
            Err(error)
                if matches!(
                    error.kind(),
                    BlobErrorKind::NotFound | BlobErrorKind::Invalid
                ) =>
            {
                self.size(upload).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The size of the upload's object, if there is one.
    async fn size(&self, upload: &Upload) -> Result<Option<u64>, UploadError> {
        match self.blobs.head(&upload.key()).await {
            Ok(head) => Ok(Some(head.size)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn missing(upload: &Upload, parts: &[Part]) -> Vec<u32> {
    let mut stored = parts.iter().map(|part| part.number).peekable();
    let mut missing = Vec::new();
    for number in 1..=upload.plan.count() {
        if stored.next_if_eq(&number).is_none() {
            missing.push(number);
        }
    }
    missing
}

fn uploaded(upload: &Upload, longest_s: u32) -> VideoUploaded {
    VideoUploaded {
        video_id: upload.video.to_string(),
        upload_id: upload.id.to_string(),
        owner: upload.owner.to_string(),
        source_key: upload.key(),
        size_bytes: upload.size,
        file_name: upload.file_name.clone(),
        publish_policy: upload.policy.into(),
        revision: upload.revision,
        longest_s,
    }
}
