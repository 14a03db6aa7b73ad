//! What events mean here: rows are written, and the worker is woken.

use std::sync::Arc;

use async_trait::async_trait;
use platform_bus::{Failure, Handler, Topic};
use platform_core::Clock;
use platform_db::Tx;
use schemas::v1::{Event, VideoPart, event::Payload};
use schemas::{IdError, VideoId};

use crate::domain::part::Part;
use crate::domain::policy::Policy;
use crate::store::{self, Job, StoreError, Tasks};
use crate::work::Wake;

/// Writes down what events tell.
pub(crate) struct Told {
    pub(crate) tasks: Tasks,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wake: Wake,
}

#[async_trait]
impl Handler for Told {
    fn group(&self) -> &'static str {
        "post-processor"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Transcode, Topic::PostTranscode, Topic::Videos]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let Some(payload) = event.payload else {
            return Ok(());
        };
        let written = self.write(&payload).await.map_err(|error| match error {
            HandleError::Store(StoreError::Db(error)) if error.retryable() => Failure::away(error),
            HandleError::Store(StoreError::Db(error)) => Failure::poison(error),
            HandleError::Id(error) => Failure::poison(error),
            HandleError::Store(error) => Failure::retry(error),
        })?;
        if written {
            self.wake.wake();
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum HandleError {
    #[error("the rows cannot be written")]
    Store(#[from] StoreError),
    #[error("the event names no film")]
    Id(#[from] IdError),
}

impl Told {
    /// Returns whether the event concerns us.
    async fn write(&self, payload: &Payload) -> Result<bool, HandleError> {
        let now = self.clock.now_ms();
        match payload {
            Payload::VideoUploaded(told) => {
                let video = &told.video_id.parse()?;
                let policy = Policy::from_event(told.publish_policy());
                self.tasks
                    .write(|mut tx| async move {
                        store::uploaded(&mut tx, video, &told.owner, policy).await?;
                        store::hasten(&mut tx, video, &Part::Live, now).await?;
                        commit(tx).await
                    })
                    .await?;
            }
            Payload::VideoPlayable(told) => {
                let video = &told.video_id.parse()?;
                self.tasks
                    .write(|mut tx| async move {
                        store::playable(&mut tx, video, told).await?;
                        add(&mut tx, video, told.revision, Part::Place, now).await?;
                        commit(tx).await
                    })
                    .await?;
            }
            Payload::VideoTranscoded(told) => {
                let video = &told.video_id.parse()?;
                self.tasks
                    .write(|mut tx| async move {
                        store::transcoded(&mut tx, video, told.revision).await?;
                        add(&mut tx, video, told.revision, Part::Rest, now).await?;
                        store::hasten(&mut tx, video, &Part::Live, now).await?;
                        commit(tx).await
                    })
                    .await?;
            }
            Payload::VideoDeleted(told) => self.purge(&told.video_id.parse()?, now).await?,
            Payload::VideoErased(told) if told.part() == VideoPart::Media => {
                let uproot = &Job {
                    video: told.video_id.parse()?,
                    revision: told.revision,
                    edge: String::new(),
                    part: match told.revision {
                        0 => Part::Uproot,
                        _ => Part::Sweep,
                    },
                };
                self.tasks
                    .write(|mut tx| async move {
                        store::add(&mut tx, uproot, now).await?;
                        commit(tx).await
                    })
                    .await?;
            }
            // The objects are gone already: edges cannot bring back what they lose here.
            Payload::VideoFailed(told) if told.source_refused => {
                let (video, revision) = (&told.video_id.parse()?, told.revision.max(1));
                self.tasks
                    .write(|mut tx| async move {
                        store::refuse(&mut tx, video, revision, now).await?;
                        commit(tx).await
                    })
                    .await?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn purge(&self, video: &VideoId, now: i64) -> Result<(), StoreError> {
        self.tasks
            .write(|mut tx| async move {
                store::deleted(&mut tx, video).await?;
                store::purge(&mut tx, video, now).await?;
                commit(tx).await
            })
            .await
    }
}

/// Adds work, unless the film or its revision is gone: news of it may come late.
async fn add(
    tx: &mut Tx,
    video: &VideoId,
    revision: u32,
    part: Part,
    now: i64,
) -> Result<(), StoreError> {
    if store::is_gone(tx, video, revision).await? {
        return Ok(());
    }
    let job = Job {
        video: video.clone(),
        revision,
        edge: String::new(),
        part,
    };
    store::add(tx, &job, now).await
}

async fn commit(tx: Tx) -> Result<(), StoreError> {
    Ok(tx.commit().await?)
}
