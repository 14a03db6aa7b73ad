//! ffmpeg and ffprobe, found once and run in a box.
//!
//! A [`Toolbox`] is made at start ([`Toolbox::detect`]) and shared by everyone who runs something.
//! Dropping the future of a run kills its processes, as does its cancellation token.

mod config;
mod detect;
mod error;
mod limits;
mod log;
mod outcome;
mod policy;
mod process;
mod sandbox;
mod scratch;
#[cfg(test)]
mod tests;
mod version;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use media::probe::FieldCounts;
use media::sniff::Demuxer;
use media::{Micros, Plan, Source};
use tokio_util::sync::CancellationToken;

pub use config::{Preset, SandboxChoice, ToolConfig};
pub use error::{Fault, Limit, ProbeFailure, RunError, ToolError};
pub(crate) use limits::Limits;
pub(crate) use outcome::Report;
pub(crate) use scratch::{Job, Scratch};

use crate::encode::{self, AudioJob, AudioOutput, Image, Urgency, VideoJob, VideoOutput};
use crate::staging::StagedSource;

use self::process::Finished;
use self::sandbox::{Order, Sandbox, Wrappers};
use self::version::Version;

/// The external tools and the box they run in. Immutable: share it in an `Arc`.
#[derive(Debug)]
pub struct Toolbox {
    config: ToolConfig,
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    version: Version,
    sandbox: Sandbox,
    wrappers: Wrappers,
    scratch: Scratch,
    warnings: Vec<String>,
}

/// Which program a run starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Ffmpeg,
    Ffprobe,
}

/// One run of a tool on one film.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) tool: Tool,
    pub(crate) source: &'a Path,
    pub(crate) job: &'a Job,
    pub(crate) limits: Limits,
    pub(crate) urgency: Urgency,
    pub(crate) cancel: &'a CancellationToken,
}

/// Paths as a run sees them: the only ones that may stand in its arguments.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The film, as `file:…`.
    source: String,
    out: String,
}

impl View {
    /// The film behind the lists of what it may ask for. There is no other way to name it, so that
    /// no run can do without them.
    pub(crate) fn input(&self, demuxer: Demuxer, max_pixels: u64) -> Vec<String> {
        let mut options = policy::input_options(demuxer, max_pixels);
        options.extend(["-i".to_owned(), self.source.clone()]);
        options
    }

    /// A file in the job's output folder.
    pub(crate) fn out(&self, name: &str) -> String {
        format!("file:{}/{name}", self.out)
    }
}

impl Toolbox {
    /// Finds the tools, tries the boxes and clears what earlier processes left in the scratch
    /// folder.
    pub async fn detect(config: &ToolConfig) -> Result<Self, ToolError> {
        detect::toolbox(config).await
    }

    /// Plain sentences for the operator at start: no sandbox, an ffmpeg with known holes.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// What was found, for the log: `ffmpeg 5.1.9 in bubblewrap`.
    pub fn describe(&self) -> String {
        format!(
            "ffmpeg {} in sandbox: {}",
            self.version.as_str(),
            self.sandbox.name()
        )
    }

    /// Examines a film. `source` is staged for probing; for containers that do not tell their
    /// exact end, its tail is looked at too.
    pub async fn probe(
        &self,
        source: &StagedSource,
        cancel: &CancellationToken,
    ) -> Result<Source, ProbeFailure> {
        encode::probe::examine(self, source, cancel).await
    }

    /// Looks at some pictures of stream `video` from `from` on, whether they have fields. `source`
    /// is staged for the ten seconds from there.
    pub async fn look_at_fields(
        &self,
        source: &StagedSource,
        video: u32,
        from: Micros,
        cancel: &CancellationToken,
    ) -> Result<FieldCounts, RunError> {
        encode::probe::fields(self, source, video, from, cancel).await
    }

    /// Encodes a run of segments of all the job's rungs from one decode. The output is checked
    /// against the plan and stamped with its place in the film.
    pub async fn encode_video(&self, job: VideoJob) -> Result<VideoOutput, RunError> {
        encode::video::encode(self, &job).await
    }

    /// Encodes a run of segments of one sound track, seamless against its neighbours.
    pub async fn encode_audio(&self, job: AudioJob) -> Result<AudioOutput, RunError> {
        encode::audio::encode(self, &job).await
    }

    /// The poster of a film of sound only: its cover art, or the shape of its sound. `source` is
    /// staged for [`crate::staging::Need::poster`].
    pub async fn encode_poster(
        &self,
        source: &StagedSource,
        plan: &Plan,
        urgency: Urgency,
        cancel: &CancellationToken,
    ) -> Result<Image, RunError> {
        match plan.source.attached_pic {
            Some(stream) => encode::images::cover(self, source, stream, urgency, cancel).await,
            None => encode::images::waveform(self, source, plan, urgency, cancel).await,
        }
    }

    /// The plan's text subtitles as WebVTT, in their order. `source` is staged for
    /// [`crate::staging::Need::subtitles`].
    pub async fn encode_subtitles(
        &self,
        source: &StagedSource,
        plan: &Plan,
        urgency: Urgency,
        cancel: &CancellationToken,
    ) -> Result<Vec<Bytes>, RunError> {
        encode::subtitles::texts(self, source, plan, urgency, cancel).await
    }

    /// The settings it was made with.
    pub(crate) const fn config(&self) -> &ToolConfig {
        &self.config
    }

    /// A folder for one run.
    pub(crate) fn job(&self) -> Result<Job, RunError> {
        self.scratch.job().map_err(RunError::Machine)
    }

    /// Runs a tool in the box and says what became of it. `args` is told where the box shows things.
    pub(crate) async fn run(
        &self,
        run: Run<'_>,
        args: impl FnOnce(&View) -> Vec<String>,
    ) -> Result<Report, RunError> {
        let finished = self
            .run_to_end(&run, args)
            .await
            .map_err(RunError::Machine)?;
        outcome::judge(finished)
    }

    async fn run_to_end(
        &self,
        run: &Run<'_>,
        args: impl FnOnce(&View) -> Vec<String>,
    ) -> std::io::Result<Finished> {
        let program = match run.tool {
            Tool::Ffmpeg => &self.ffmpeg,
            Tool::Ffprobe => &self.ffprobe,
        };
        let order = |args| Order {
            program,
            args,
            job: run.job.path(),
            source: run.source,
            limits: &run.limits,
            urgency: run.urgency,
        };
        let view = self.sandbox.view(run.job.path());
        let launch = self.sandbox.launch(&self.wrappers, order(args(&view)))?;
        process::run(launch, &run.job.out(), &run.limits, run.cancel).await
    }
}
