//! What other services tell uploads.

use async_trait::async_trait;
use platform_bus::{Failure, Handler, Topic};
use platform_db::DbError;
use schemas::VideoId;
use schemas::v1::Event;
use schemas::v1::event::Payload;

use crate::error::UploadError;
use crate::flow::Uploads;

/// Discards files that were refused.
pub(crate) struct Refusals(pub(crate) Uploads);

#[async_trait]
impl Handler for Refusals {
    fn group(&self) -> &'static str {
        "ingress"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Videos]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let Some(Payload::VideoFailed(failed)) = event.payload else {
            return Ok(());
        };
        // What failed by our fault may be tried again: that takes the file.
        if !failed.source_refused {
            return Ok(());
        }
        let video: VideoId = failed.video_id.parse().map_err(Failure::poison)?;
        self.0.refuse(&video).await.map_err(|error| match error {
            UploadError::Db(DbError::Broken(_)) => Failure::poison(error),
            error if error.is_away() => Failure::away(error),
            passing => Failure::retry(passing),
        })
    }
}
