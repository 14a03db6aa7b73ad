//! Giving an upload up.

use platform_bus::{Topic, outbox};
use schemas::v1::UploadAbandoned;
use schemas::v1::event::Payload;
use tracing::info;

use super::Uploads;
use crate::domain::{State, Upload};
use crate::error::UploadError;
use crate::store::{self, Transition};

impl Uploads {
    /// Gives the upload up and frees what is stored of it. `untouched_since_ms`: only if nobody
    /// has touched it after that moment.
    pub(crate) async fn abandon(
        &self,
        upload: &Upload,
        untouched_since_ms: Option<i64>,
    ) -> Result<(), UploadError> {
        match upload.state {
            State::Abandoned => return Ok(()),
            State::Opening | State::Open => {}
            state => return Err(UploadError::Closed(state)),
        }
        let given_up = self
            .store
            .write(|mut tx| async move {
                let giving_up = Transition {
                    multipart: None,
                    untouched_since_ms,
                    ..Transition::new(upload, State::Abandoned, self.clock.now_ms())
                };
                if !giving_up.apply(tx.conn()).await? {
                    return Ok(false);
                }
                store::drop_parts(tx.conn(), &upload.id).await?;
                // Of an upload that never opened nobody was told.
                if upload.state == State::Open {
                    let abandoned = UploadAbandoned {
                        video_id: upload.video.to_string(),
                        upload_id: upload.id.to_string(),
                        revision: upload.revision,
                    };
                    let event = self.event(upload, Payload::UploadAbandoned(abandoned));
                    outbox::append(&mut tx, Topic::Videos, upload.video.as_str(), &event).await?;
                }
                tx.commit().await?;
                Ok::<_, UploadError>(true)
            })
            .await?;
        if !given_up {
            let now = self.get(&upload.id, &upload.owner).await?;
            return match now.state {
                State::Abandoned => Ok(()),
                state => Err(UploadError::Closed(state)),
            };
        }
        info!(upload = %upload.id, "upload abandoned");
        if let Some(multipart) = &upload.multipart {
            self.discard(upload, multipart).await;
        }
        Ok(())
    }
}
