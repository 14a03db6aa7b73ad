//! A run of segments of one sound track.
//!
//! Every piece is cut from the same line of samples, wherever its decoding began, and encoded with
//! some frames before and after that are dropped again: joints cannot be heard.

use std::sync::Arc;

use bytes::Bytes;
use media::audio_piece::AudioPiece;
use media::fmp4::{Adts, FragmentInfo, InitInfo, audio_init, audio_segment};
use media::grid::AUDIO_RATE;
use media::plan::AudioTrack;
use media::sniff::Demuxer;
use media::time::Micros;
use media::validate::{self, ValidateError};

use super::args::Args;
use super::even;
use super::span::Start;
use super::{AudioJob, AudioOutput, SegmentBytes};
use crate::toolbox::{Job, Limits, Run, RunError, Tool, ToolConfig, Toolbox, View};

/// Decoded before the piece: decoders need a few packets to be right, and the resampler too.
const SEEK_MARGIN: Micros = Micros(500_000);
const END_MARGIN: Micros = Micros(500_000);
/// A whole number of samples at every usual rate, so that all pieces are resampled in phase.
const PHASE: i64 = 40_000;

pub(crate) async fn encode(tools: &Toolbox, job: &AudioJob) -> Result<AudioOutput, RunError> {
    let task = Task::of(job)?;
    let start = task.start();
    match attempt(tools, &task, start).await {
        Err(error) if even::is_wanted(&error) => {
            tracing::info!(segments = ?job.segments, "the sound changes its form: made even first");
            let folder = tools.job()?;
            let even = task.even(tools, start, &folder).await?;
            let even = Task::of(&even)?;
            attempt(tools, &even, Start::Beginning).await
        }
        // Nothing to decode there: the track may end before the film does.
        Err(RunError::Invalid { .. } | RunError::Source { .. }) if start != Start::Beginning => {
            tracing::warn!(segments = ?job.segments, "seeking failed: decoding from the start");
            attempt(tools, &task, Start::Beginning).await
        }
        outcome => outcome,
    }
}

/// A job, looked up in its plan.
struct Task<'a> {
    job: &'a AudioJob,
    track: &'a AudioTrack,
    stream: u32,
    piece: AudioPiece,
}

impl<'a> Task<'a> {
    fn of(job: &'a AudioJob) -> Result<Self, RunError> {
        let track = job
            .plan
            .track(job.track)
            .ok_or(RunError::Job("there is no such track"))?;
        let stream = job.source.stream(track.stream_index)?;
        let piece = AudioPiece::new(&job.plan.grid, job.segments.clone());
        Ok(Self {
            job,
            track,
            stream,
            piece: piece.ok_or(RunError::Job("there are no such segments"))?,
        })
    }

    fn wanted(&self) -> Micros {
        self.job.plan.origin + self.piece.start_time()
    }

    fn start(&self) -> Start {
        let facts = &self.job.plan.source;
        let last = facts.start_time + facts.duration - END_MARGIN;
        let earliest = self.job.plan.origin.min(self.track.source_start);
        Start::of(
            &self.job.source,
            earliest,
            self.wanted() - SEEK_MARGIN,
            last,
        )
    }

    /// The same job from a file in `folder` in which the sound keeps one form.
    async fn even(
        &self,
        tools: &Toolbox,
        start: Start,
        folder: &Job,
    ) -> Result<AudioJob, RunError> {
        let skipped = start.skipped(self.job.plan.origin, self.wanted());
        let run = Run {
            tool: Tool::Ffmpeg,
            source: &self.job.source.path,
            job: folder,
            limits: Limits::light(tools.config(), skipped),
            urgency: self.job.urgency,
            cancel: &self.job.cancel,
        };
        let graph = even::graph(
            self.stream,
            self.layout(),
            self.job.plan.origin + self.piece.end_time() + SEEK_MARGIN,
        );
        let args = |view: &View| {
            let mut args = self.input("", tools.config(), start, view);
            args.option("-filter_complex", graph);
            even::output(&mut args, view);
            args.into_vec()
        };
        tools.run(run, args).await?;
        Ok(AudioJob {
            source: Arc::new(even::source(folder, self.track.stream_index).await?),
            ..self.job.clone()
        })
    }

    fn input(&self, options: &str, config: &ToolConfig, start: Start, view: &View) -> Args {
        let mut args = Args::ffmpeg();
        start.options(&mut args);
        args.words(options);
        args.extend(view.input(self.job.source.demuxer, config.max_pixels));
        args
    }

    const fn layout(&self) -> &'static str {
        if self.track.channels == 1 {
            "mono"
        } else {
            "stereo"
        }
    }

    fn args(&self, config: &ToolConfig, start: Start, view: &View) -> Vec<String> {
        // A graph that is built anew midway would begin with the piece's first sample again.
        let mut args = self.input("-reinit_filter 0", config, start, view);
        args.option("-filter_complex", self.graph());
        args.words("-map [a] -c:a aac")
            .option("-b:a", format!("{}k", self.track.bitrate_kbps));
        args.words("-fflags +bitexact -flags:a +bitexact -map_metadata -1 -f adts");
        args.arg(view.out("a.aac"));
        args.into_vec()
    }

    fn graph(&self) -> String {
        let layout = self.layout();
        let first = self.piece.first_sample;
        let count = self.piece.samples;
        // From here on the decoded samples are used; a little before the piece.
        let from = (self.piece.start_time() - Micros(SEEK_MARGIN.0 / 2))
            .0
            .max(0)
            / PHASE
            * PHASE;
        let times = self.times();
        // Mixed down before anything else, and so that it cannot clip. A hole or an overlap of
        // almost a packet is mended at once: left to add up, sound would drift from piece to piece.
        // The resampler starts in phase in the first piece too.
        let pad = if from == 0 {
            ":async=1:min_hard_comp=0.02:first_pts=0"
        } else {
            ""
        };
        format!(
            "[0:{}]asetpts='{times}',aresample=ochl={layout}:rematrix_maxval=1{pad},atrim=start={},\
             aresample={AUDIO_RATE}:async=1:min_hard_comp=0.02,\
             aformat=sample_fmts=fltp:sample_rates={AUDIO_RATE}:channel_layouts={layout},\
             atrim=start_pts={first}:end_pts={},aresample=async=1:first_pts={first},\
             apad=whole_len={count},atrim=end_sample={count},asetpts=N/SR/TB[a]",
            self.stream,
            Micros(from),
            first + count,
        )
    }

    /// The expression for a decoded frame's time, in samples from the film's zero.
    fn times(&self) -> String {
        let (zero, begin) = (self.job.plan.origin, self.track.source_start);
        match self.step() {
            None => format!("PTS-round({zero}/TB)"),
            // The container's clock is coarser than a sample, so a piece could lie some samples
            // beside its neighbour. The codec's frames are all whole multiples of a step long:
            // the end of each lies on a whole number of them after the track's begin.
            Some(step) => format!(
                "if(gte(SR,32000),{step}*round((PTS-round({begin}/TB)+NB_SAMPLES)/{step})\
                 -NB_SAMPLES+round(({begin}-({zero}))/TB),PTS-round({zero}/TB))"
            ),
        }
    }

    /// The step in which times are mended, in samples, where the container's are coarse.
    fn step(&self) -> Option<u32> {
        let exact = [Demuxer::Mov, Demuxer::Wav, Demuxer::Flac, Demuxer::Ogg];
        // Larger than what a clock of milliseconds hides, and a divisor of their frames.
        let framed = ["aac", "mp3", "mp2", "ac3", "eac3", "dts"];
        let coarse = !exact.contains(&self.job.source.demuxer);
        let framed = framed.contains(&self.track.source_codec.as_str());
        (coarse && framed).then_some(128)
    }
}

async fn attempt(tools: &Toolbox, task: &Task<'_>, start: Start) -> Result<AudioOutput, RunError> {
    let folder = tools.job()?;
    let skipped = start.skipped(task.job.plan.origin, task.wanted());
    let config = tools.config();
    let run = Run {
        tool: Tool::Ffmpeg,
        source: &task.job.source.path,
        job: &folder,
        limits: Limits::light(config, skipped),
        urgency: task.job.urgency,
        cancel: &task.job.cancel,
    };
    let report = tools
        .run(run, |view| task.args(config, start, view))
        .await?;
    let stream = tokio::fs::read(folder.out().join("a.aac"))
        .await
        .map_err(RunError::Machine)?;
    segments(task, &stream).map_err(|source| report.invalid(source))
}

/// Keeps the piece's own packets and makes segments of them.
fn segments(task: &Task<'_>, stream: &[u8]) -> Result<AudioOutput, ValidateError> {
    let grid = &task.job.plan.grid;
    let adts = Adts::parse(stream)?;
    let init = audio_init(adts.config, task.track.bitrate_kbps)?;
    let info = InitInfo::parse(&init)?;
    validate::audio_init(task.track, &info)?;
    let mut made = Vec::new();
    for index in task.job.segments.clone() {
        let range = task.piece.packets_of(grid, index).unwrap_or_default();
        let planned = u32::try_from(range.len()).unwrap_or(u32::MAX);
        let packets = adts
            .frames
            .get(range)
            .ok_or(ValidateError::FrameCount { found: 0, planned })?;
        let first = grid.audio_frames(index).start;
        let bytes = audio_segment(index.saturating_add(1), first, packets)?;
        validate::audio_segment(grid, index, &FragmentInfo::parse(&bytes, &info)?)?;
        made.push(SegmentBytes {
            index,
            bytes: Bytes::from(bytes),
        });
    }
    Ok(AudioOutput {
        init: init.into(),
        segments: made,
    })
}
