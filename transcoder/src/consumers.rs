//! Events that concern the transcoder become rows; the work itself is done by tasks.

use async_trait::async_trait;
use media::plan::{NoSuchPath, ObjectRef};
use platform_bus::{Failure, Handler, Topic};
use schemas::v1::event::Payload;
use schemas::v1::{EncodeTask, Event, PublishPolicy, VideoUploaded};
use schemas::{IdError, OwnerId, VideoId};

use crate::domain::FilmKey;
use crate::store::{Store, StoreError, Upload};

/// An event that does not mean anything.
#[derive(Debug, thiserror::Error)]
enum Nonsense {
    #[error("the event names no video")]
    Video(#[from] IdError),
    #[error("the event names no object of a film")]
    Object(#[from] NoSuchPath),
}

fn poison(error: impl Into<Nonsense>) -> Failure {
    Failure::poison(error.into())
}

fn failed(error: StoreError) -> Failure {
    match error {
        StoreError::Corrupt { .. } => Failure::poison(error),
        StoreError::Db(error) if error.retryable() => Failure::away(error),
        StoreError::Stale | StoreError::Db(_) => Failure::retry(error),
    }
}

/// Takes in films whose upload is complete, and has deleted and replaced ones removed.
#[derive(Debug)]
pub(crate) struct Films(pub(crate) Store);

#[async_trait]
impl Handler for Films {
    fn group(&self) -> &'static str {
        "transcoder-planner"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Transcode, Topic::Videos]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        match event.payload {
            Some(Payload::VideoUploaded(uploaded)) => {
                let upload = upload(uploaded).map_err(poison)?;
                self.0.take_in(&upload).await.map(drop).map_err(failed)
            }
            Some(Payload::VideoDeleted(deleted)) => {
                let video: VideoId = deleted.video_id.parse().map_err(poison)?;
                self.0.delete(&video).await.map_err(failed)
            }
            Some(Payload::VideoReplaced(replaced)) => {
                let video: VideoId = replaced.video_id.parse().map_err(poison)?;
                let done = self.0.replace(&video, replaced.revision).await;
                done.map_err(failed)
            }
            _ => Ok(()),
        }
    }
}

fn upload(event: VideoUploaded) -> Result<Upload, IdError> {
    Ok(Upload {
        key: FilmKey::told(event.video_id.parse()?, event.revision),
        lowest_first: event.publish_policy() == PublishPolicy::LowestRung,
        longest_s: event.longest_s,
        owner: OwnerId::new(event.owner),
        source_key: event.source_key,
    })
}

/// Hurries what players wait for.
#[derive(Debug)]
pub(crate) struct Wishes(pub(crate) Store);

#[async_trait]
impl Handler for Wishes {
    fn group(&self) -> &'static str {
        "transcoder-urgent"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::TranscodeUrgent]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let Some(Payload::EncodeTask(EncodeTask {
            video_id,
            revision,
            path,
        })) = event.payload
        else {
            return Ok(());
        };
        let key = FilmKey {
            video: video_id.parse().map_err(poison)?,
            revision,
        };
        let object: ObjectRef = path.parse().map_err(poison)?;
        self.0.want(&key, &object).await.map(drop).map_err(failed)
    }
}
