//! What other services tell uploads.

use async_trait::async_trait;
use platform_bus::{Failure, Handler, Topic};
use platform_db::DbError;
use schemas::v1::Event;
use schemas::v1::event::Payload;
use schemas::{OwnerId, VideoId};

use crate::domain::FIRST;
use crate::error::UploadError;
use crate::flow::Uploads;

/// Removes what nobody wants any more: files that were refused or replaced, those of deleted films, and
/// what was said of users who are gone.
pub(crate) struct Removals(pub(crate) Uploads);

#[async_trait]
impl Handler for Removals {
    fn group(&self) -> &'static str {
        "ingress"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Videos, Topic::Accounts]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let video = |id: &str| id.parse::<VideoId>().map_err(Failure::poison);
        let removed = match &event.payload {
            // What failed by our fault may be tried again: that takes the file.
            Some(Payload::VideoFailed(told)) if told.source_refused => {
                let revision = told.revision.max(FIRST);
                self.0.refuse(&video(&told.video_id)?, revision).await
            }
            Some(Payload::VideoReplaced(told)) => {
                let video = video(&told.video_id)?;
                self.0.discard_replaced(&video, told.revision).await
            }
            Some(Payload::VideoDeleted(told)) => self.0.erase(&video(&told.video_id)?).await,
            Some(Payload::AccountDeleted(told)) => {
                self.0.set_quota(&OwnerId::new(&told.user), None).await
            }
            _ => return Ok(()),
        };
        removed.map_err(|error| match error {
            UploadError::Db(DbError::Broken(_)) => Failure::poison(error),
            error if error.is_away() => Failure::away(error),
            passing => Failure::retry(passing),
        })
    }
}
