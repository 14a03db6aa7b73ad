//! The origin: what edges pull from. A planned segment that does not exist yet is encoded next.

mod demand;
mod news;
mod plans;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use media::plan::{ObjectRef, SegmentRef};
use platform_blob::{BlobError, BlobStream, Blobs};
use platform_bus::{Bus, BusError, Topic};
use platform_core::{Clock, Lifecycle};
use schemas::v1::{EncodeTask, event::Payload};
use schemas::{NewEvent, OwnerId};
use tokio::time::Instant;

use crate::Config;
use crate::address::Address;
use demand::{Demand, Waiter};
pub(crate) use news::listen;
use plans::{Plans, PlansError};
use queue::Queue;

/// How often the store is looked at while waiting, should the news get lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The origin does not give the object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OriginError {
    /// No plan has it.
    #[error("no plan has this object")]
    NotPlanned,
    /// It is planned and was not made in time.
    #[error("the object is planned but was not made in time")]
    NotYet,
    /// Too many wait already.
    #[error("too many wait for objects that are being made")]
    Busy,
    /// The object store failed.
    #[error("the object store failed")]
    Store(#[source] BlobError),
    /// The plan cannot be read.
    #[error("the plan cannot be read")]
    Plan(#[source] PlansError),
    /// The wish could not be published.
    #[error("the encoders cannot be told what is wanted")]
    Bus(#[source] BusError),
}

/// What can be done about a planned object that does not exist.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    /// Ask for this segment, which brings the object.
    Encode(SegmentRef),
    /// It comes with the plan in a moment.
    Wait,
    /// It comes with the bulk of the film.
    ComeBack,
}

fn remedy(object: &ObjectRef) -> Remedy {
    match object {
        ObjectRef::Segment(segment) => Remedy::Encode(segment.clone()),
        // The first encode of a track writes its init segment.
        ObjectRef::VideoInit(rung) => Remedy::Encode(SegmentRef::Video {
            rung: rung.clone(),
            n: 0,
        }),
        ObjectRef::AudioInit(track) => Remedy::Encode(SegmentRef::Audio {
            track: *track,
            n: 0,
        }),
        ObjectRef::Plan
        | ObjectRef::HlsMaster
        | ObjectRef::DashManifest
        | ObjectRef::VideoPlaylist(_)
        | ObjectRef::AudioPlaylist(_)
        | ObjectRef::SubtitlePlaylist(_) => Remedy::Wait,
        ObjectRef::Subtitles(_) | ObjectRef::Poster | ObjectRef::Hover(_) => Remedy::ComeBack,
    }
}

/// Object store, plans and demand together. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Origin(Arc<Inner>);

struct Inner {
    blobs: Arc<dyn Blobs>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
    patience: Duration,
    queue: Queue,
    plans: Plans,
    demand: Demand,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}

impl Origin {
    pub(crate) fn new(
        blobs: Arc<dyn Blobs>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        lifecycle: Lifecycle,
        config: &Config,
    ) -> Self {
        Self(Arc::new(Inner {
            plans: Plans::new(Arc::clone(&blobs)),
            blobs,
            bus,
            clock,
            lifecycle,
            patience: Duration::from_secs(config.patience_s),
            queue: Queue::new(config.max_waiting_per_film, config.max_waiting),
            demand: Demand::default(),
        }))
    }

    /// The object at `address`, made first if it is only planned.
    pub(crate) async fn open(&self, address: &Address) -> Result<BlobStream, OriginError> {
        // Waiting begins before looking, so that what comes in between is not missed.
        let mut waiter = self.0.demand.wait_for(address);
        if let Some(found) = self.look(address).await? {
            return Ok(found);
        }
        let plan = self
            .0
            .plans
            .get(&address.video, address.revision)
            .await
            .map_err(OriginError::Plan)?
            .filter(|plan| plan.contains(&address.object))
            .ok_or(OriginError::NotPlanned)?;
        drop(plan);
        let remedy = remedy(&address.object);
        if remedy == Remedy::ComeBack {
            return Err(OriginError::NotYet);
        }
        let place = self.0.queue.enter(&address.video);
        let _place = place.ok_or(OriginError::Busy)?;
        if let Remedy::Encode(segment) = remedy {
            self.ask_once(&waiter, address, &segment).await?;
        }
        self.wait(&mut waiter, address).await
    }

    async fn wait(
        &self,
        waiter: &mut Waiter,
        address: &Address,
    ) -> Result<BlobStream, OriginError> {
        let deadline = Instant::now() + self.0.patience;
        loop {
            tokio::select! {
                () = waiter.news() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = tokio::time::sleep_until(deadline) => return Err(OriginError::NotYet),
                () = self.0.lifecycle.draining() => return Err(OriginError::NotYet),
            }
            if let Some(found) = self.look(address).await? {
                return Ok(found);
            }
        }
    }

    async fn look(&self, address: &Address) -> Result<Option<BlobStream>, OriginError> {
        match self.0.blobs.get_stream(&address.key()).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(OriginError::Store(error)),
        }
    }

    /// Tells the encoders that `segment` is wanted, unless somebody who waits has told them.
    async fn ask_once(
        &self,
        waiter: &Waiter,
        address: &Address,
        segment: &SegmentRef,
    ) -> Result<(), OriginError> {
        let mut asked = waiter.asked().await;
        if *asked {
            return Ok(());
        }
        let task = EncodeTask {
            video_id: address.video.to_string(),
            revision: address.revision,
            path: segment.to_string(),
        };
        let event = NewEvent::new(OwnerId::local(), Payload::EncodeTask(task))
            .stamp(self.0.clock.now_ms(), &mut rand::rng());
        let (bus, topic) = (&self.0.bus, Topic::TranscodeUrgent);
        platform_bus::publish_event(bus, topic, address.video.as_str(), &event)
            .await
            .map_err(OriginError::Bus)?;
        *asked = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_init_segment_comes_with_the_first_segment_of_its_track() {
        let wanted = |path: &str| remedy(&path.parse().unwrap());
        let encode = |path: &str| Remedy::Encode(path.parse().unwrap());
        assert_eq!(wanted("v/360p/init.mp4"), encode("v/360p/0.m4s"));
        assert_eq!(wanted("a/1/init.mp4"), encode("a/1/0.m4s"));
        assert_eq!(wanted("a/1/9.m4s"), encode("a/1/9.m4s"));
        assert_eq!(wanted("images/poster.jpg"), Remedy::ComeBack);
    }
}
