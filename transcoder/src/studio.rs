//! The crafts that tasks need, as one seam: tests of the queue need no ffmpeg.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use media::{Micros, Plan, Source};
use tokio_util::sync::CancellationToken;

use crate::attempt::Failure;
use crate::encode::{AudioJob, AudioOutput, Image, ImageWish, Urgency, VideoJob, VideoOutput};
use crate::staging::{Need, StageError, StagedSource, Staging, WorkError};
use crate::toolbox::{RunError, Toolbox};

/// Which source, and who waits for what is made of it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Object key of the source.
    pub(crate) source_key: String,
    /// Who waits.
    pub(crate) urgency: Urgency,
    /// Ends the run.
    pub(crate) cancel: CancellationToken,
}

/// A run of segments of some rungs, and pictures on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shot {
    /// Names of the rungs.
    pub(crate) rungs: Vec<String>,
    /// The segments.
    pub(crate) segments: Range<u32>,
    /// Pictures to take.
    pub(crate) images: ImageWish,
}

/// Examines and encodes. What it hands out is checked against the plan.
#[async_trait]
pub(crate) trait Studio: Send + Sync + std::fmt::Debug {
    /// Examines a source.
    async fn probe(&self, order: &Order) -> Result<Source, Failure>;

    /// Encodes picture.
    async fn video(
        &self,
        order: &Order,
        plan: &Arc<Plan>,
        shot: Shot,
    ) -> Result<VideoOutput, Failure>;

    /// Encodes sound.
    async fn audio(
        &self,
        order: &Order,
        plan: &Arc<Plan>,
        track: u32,
        segments: Range<u32>,
    ) -> Result<AudioOutput, Failure>;

    /// Makes the poster of a film of sound only.
    async fn poster(&self, order: &Order, plan: &Plan) -> Result<Image, Failure>;

    /// Makes the text subtitles of the plan, in their order.
    async fn subtitles(&self, order: &Order, plan: &Plan) -> Result<Vec<Bytes>, Failure>;
}

/// ffmpeg and ffprobe in their box.
#[derive(Debug)]
pub(crate) struct BoxedStudio {
    /// The tools.
    pub(crate) tools: Arc<Toolbox>,
    /// Where sources come from.
    pub(crate) staging: Arc<Staging>,
}

#[async_trait]
impl Studio for BoxedStudio {
    async fn probe(&self, order: &Order) -> Result<Source, Failure> {
        let probe = |source: Arc<StagedSource>| async move {
            self.tools.probe(&source, &order.cancel).await
        };
        let mut film = self.on_source(order, &Need::Probe, probe).await??;
        self.settle_fields(order, &mut film).await?;
        Ok(film)
    }

    async fn video(
        &self,
        order: &Order,
        plan: &Arc<Plan>,
        shot: Shot,
    ) -> Result<VideoOutput, Failure> {
        let encode = |source| {
            self.tools.encode_video(VideoJob {
                plan: Arc::clone(plan),
                source,
                segments: shot.segments.clone(),
                rungs: shot.rungs.clone(),
                images: shot.images.clone(),
                urgency: order.urgency,
                cancel: order.cancel.clone(),
            })
        };
        let need = Need::video(plan, &shot.segments);
        Ok(self.on_source(order, &need, encode).await??)
    }

    async fn audio(
        &self,
        order: &Order,
        plan: &Arc<Plan>,
        track: u32,
        segments: Range<u32>,
    ) -> Result<AudioOutput, Failure> {
        let encode = |source| {
            self.tools.encode_audio(AudioJob {
                plan: Arc::clone(plan),
                source,
                track,
                segments: segments.clone(),
                urgency: order.urgency,
                cancel: order.cancel.clone(),
            })
        };
        let need = Need::audio(plan, track, &segments);
        Ok(self.on_source(order, &need, encode).await??)
    }

    async fn poster(&self, order: &Order, plan: &Plan) -> Result<Image, Failure> {
        let make = |source: Arc<StagedSource>| async move {
            self.tools
                .encode_poster(&source, plan, order.urgency, &order.cancel)
                .await
        };
        Ok(self.on_source(order, &Need::poster(plan), make).await??)
    }

    async fn subtitles(&self, order: &Order, plan: &Plan) -> Result<Vec<Bytes>, Failure> {
        let make = |source: Arc<StagedSource>| async move {
            self.tools
                .encode_subtitles(&source, plan, order.urgency, &order.cancel)
                .await
        };
        Ok(self
            .on_source(order, &Need::subtitles(plan), make)
            .await??)
    }
}

impl BoxedStudio {
    /// Looks at pictures where the file's word about fields cannot be relied on. They lie a third
    /// into the film: openings are often made otherwise than the rest.
    async fn settle_fields(&self, order: &Order, film: &mut Source) -> Result<(), Failure> {
        let span = Micros::from_secs(10);
        let from = film.start_time + Micros((film.duration - span).0.max(0) / 3);
        let container = film.container.clone();
        let Some(video) = &mut film.video else {
            return Ok(());
        };
        if !video.fields_are_doubtful(&container) {
            return Ok(());
        }
        let index = video.index;
        let look = |source: Arc<StagedSource>| async move {
            self.tools
                .look_at_fields(&source, index, from, &order.cancel)
                .await
        };
        let need = Need::Span {
            streams: vec![index],
            from,
            to: from + span,
            skip: Micros::ZERO,
        };
        match self.on_source(order, &need, look).await? {
            Ok(counts) => video.settle_scan(counts),
            Err(RunError::Cancelled) => return Err(Failure::Stopped),
            Err(error) => tracing::warn!(error = %error, "the pictures do not tell about fields"),
        }
        Ok(())
    }

    /// Works on the source, staged as far as `need` says, or whole where that does not do.
    async fn on_source<T, E, F>(
        &self,
        order: &Order,
        need: &Need,
        work: impl Fn(Arc<StagedSource>) -> F + Send,
    ) -> Result<Result<T, E>, StageError>
    where
        E: WorkError + std::fmt::Display,
        F: Future<Output = Result<T, E>> + Send,
    {
        self.staging
            .work_on(&order.source_key, need, &order.cancel, work)
            .await
    }
}
