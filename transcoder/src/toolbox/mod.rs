//! ffmpeg and ffprobe, found once and run in a box.
//!
//! A [`Toolbox`] is made at start ([`Toolbox::detect`]) and shared by everyone who runs something.
//! Dropping the future of a run kills its processes, as does its cancellation token.

mod config;
mod error;

use media::Source;
use tokio_util::sync::CancellationToken;

pub use config::{Preset, SandboxChoice, ToolConfig};
pub use error::{Fault, Limit, ProbeFailure, RunError, ToolError};

use crate::encode::{AudioJob, AudioOutput, Image, Urgency, VideoJob, VideoOutput};
use crate::staging::StagedSource;

/// The external tools and the box they run in. Immutable: share it in an `Arc`.
#[derive(Debug)]
pub struct Toolbox {
    config: ToolConfig,
}

impl Toolbox {
    /// Finds the tools, tries the boxes and clears what earlier processes left in the scratch
    /// folder.
    pub async fn detect(config: &ToolConfig) -> Result<Self, ToolError> {
        Ok(Self {
            config: config.clone(),
        })
    }

    /// Plain sentences for the operator at start: no sandbox, an ffmpeg with known holes.
    pub fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Examines a film. `source` is staged for probing; for containers that do not tell their
    /// exact end, its tail is looked at too.
    pub async fn probe(
        &self,
        source: &StagedSource,
        cancel: &CancellationToken,
    ) -> Result<Source, ProbeFailure> {
        let _ = (source, cancel, &self.config);
        Err(RunError::Job("under construction").into())
    }

    /// Encodes a run of segments of all the job's rungs from one decode. The output is checked
    /// against the plan and stamped with its place in the film.
    pub async fn encode_video(&self, job: VideoJob) -> Result<VideoOutput, RunError> {
        let _ = job;
        Err(RunError::Job("under construction"))
    }

    /// Encodes a run of segments of one sound track, seamless against its neighbours.
    pub async fn encode_audio(&self, job: AudioJob) -> Result<AudioOutput, RunError> {
        let _ = job;
        Err(RunError::Job("under construction"))
    }

    /// The cover art of a film of sound only (`plan.source.attached_pic`), as its poster.
    pub async fn encode_cover(
        &self,
        source: &StagedSource,
        stream: u32,
        urgency: Urgency,
        cancel: &CancellationToken,
    ) -> Result<Image, RunError> {
        let _ = (source, stream, urgency, cancel);
        Err(RunError::Job("under construction"))
    }
}
