//! The crafts that tasks need, as one seam: tests of the queue need no ffmpeg.

use std::sync::Arc;

use async_trait::async_trait;
use media::{Plan, Source};
use tokio_util::sync::CancellationToken;

use crate::attempt::Failure;
use crate::encode::{AudioJob, AudioOutput, Image, ImageWish, Urgency, VideoJob, VideoOutput};
use crate::staging::{Need, Staging};
use crate::toolbox::Toolbox;

use std::ops::Range;

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

    /// Takes the cover of a film of sound only.
    async fn cover(&self, order: &Order, stream: u32) -> Result<Image, Failure>;
}

/// ffmpeg and ffprobe in their box.
#[derive(Debug)]
pub(crate) struct BoxedStudio {
    /// The tools.
    pub(crate) tools: Arc<Toolbox>,
    /// Where sources come from.
    pub(crate) staging: Staging,
}

#[async_trait]
impl Studio for BoxedStudio {
    async fn probe(&self, order: &Order) -> Result<Source, Failure> {
        let staged = self
            .staging
            .open(&order.source_key, &Need::Probe, &order.cancel)
            .await?;
        Ok(self.tools.probe(&staged, &order.cancel).await?)
    }

    async fn video(
        &self,
        order: &Order,
        plan: &Arc<Plan>,
        shot: Shot,
    ) -> Result<VideoOutput, Failure> {
        let need = Need::video(plan, &shot.segments);
        let job = VideoJob {
            plan: Arc::clone(plan),
            source: self
                .staging
                .open(&order.source_key, &need, &order.cancel)
                .await?,
            segments: shot.segments,
            rungs: shot.rungs,
            images: shot.images,
            urgency: order.urgency,
            cancel: order.cancel.clone(),
        };
        Ok(self.tools.encode_video(job).await?)
    }

    async fn audio(
        &self,
        order: &Order,
        plan: &Arc<Plan>,
        track: u32,
        segments: Range<u32>,
    ) -> Result<AudioOutput, Failure> {
        let need = Need::audio(plan, track, &segments);
        let job = AudioJob {
            plan: Arc::clone(plan),
            source: self
                .staging
                .open(&order.source_key, &need, &order.cancel)
                .await?,
            track,
            segments,
            urgency: order.urgency,
            cancel: order.cancel.clone(),
        };
        Ok(self.tools.encode_audio(job).await?)
    }

    async fn cover(&self, order: &Order, stream: u32) -> Result<Image, Failure> {
        let staged = self
            .staging
            .open(&order.source_key, &Need::Probe, &order.cancel)
            .await?;
        let cover = self
            .tools
            .encode_cover(&staged, stream, order.urgency, &order.cancel);
        Ok(cover.await?)
    }
}
