//! A run of segments of several rungs, from one decode.

use media::Plan;
use media::ladder::Rung;
use media::probe::VideoStream;
use media::time::Micros;

use super::args::Args;
use super::filters::{self, Frames};
use super::images::{self, Picture};
use super::span::Start;
use super::{Image, RungOutput, Urgency, VideoJob, VideoOutput, fragments};
use crate::toolbox::{Job, Limits, Report, Run, RunError, Tool, ToolConfig, Toolbox, View};

/// A seek aims so far before the first frame: rounding of container times must not skip it.
const SEEK_MARGIN: Micros = Micros(100_000);
/// Film that was spread over fields is put together from a few more pictures.
const TELECINE_MARGIN: Micros = Micros(600_000);
/// A seek past the end finds nothing; one this far before it finds the last keyframe.
const END_MARGIN: Micros = Micros(500_000);

pub(crate) async fn encode(tools: &Toolbox, job: &VideoJob) -> Result<VideoOutput, RunError> {
    let task = Task::of(job)?;
    let start = task.start();
    let outcome = attempt(tools, &task, start).await;
    match outcome {
        // The container's index led astray. Slow and right is better than wrong.
        Err(RunError::Invalid { .. } | RunError::Source { .. }) if start != Start::Beginning => {
            tracing::warn!(segments = ?job.segments, "seeking failed: decoding from the start");
            attempt(tools, &task, Start::Beginning).await
        }
        outcome => outcome,
    }
}

/// A job, looked up in its plan.
struct Task<'a> {
    job: &'a VideoJob,
    plan: &'a Plan,
    video: &'a VideoStream,
    stream: u32,
    rungs: Vec<&'a Rung>,
    frames: Frames,
    pictures: Vec<Picture>,
}

impl<'a> Task<'a> {
    fn of(job: &'a VideoJob) -> Result<Self, RunError> {
        let plan = &*job.plan;
        let video = plan
            .source
            .video
            .as_ref()
            .ok_or(RunError::Job("the film has no picture"))?;
        let segments = &job.segments;
        if segments.start >= segments.end || segments.end > plan.grid.segment_count {
            return Err(RunError::Job("there are no such segments"));
        }
        let rungs: Option<Vec<_>> = job.rungs.iter().map(|name| plan.rung(name)).collect();
        let rungs = rungs.filter(|rungs| !rungs.is_empty());
        let first = plan.grid.boundary_frame(segments.start);
        let frames = Frames {
            first,
            count: plan.grid.boundary_frame(segments.end) - first,
        };
        let pictures = Picture::list(plan, &job.images, frames);
        Ok(Self {
            job,
            plan,
            video,
            stream: job.source.stream(video.index)?,
            rungs: rungs.ok_or(RunError::Job("there is no such rung"))?,
            frames,
            pictures: pictures.ok_or(RunError::Job("a picture lies outside the segments"))?,
        })
    }

    /// When the first frame is shown, in source time.
    fn wanted(&self) -> Micros {
        self.plan.origin + self.plan.grid.frame_time(self.frames.first)
    }

    fn start(&self) -> Start {
        let facts = &self.plan.source;
        let end = match self.video.duration {
            Some(duration) => self.video.start_time + duration,
            None => facts.start_time + facts.duration,
        };
        let margin = if self.video.scan.is_telecine() {
            TELECINE_MARGIN
        } else {
            SEEK_MARGIN
        };
        let moment = self.wanted() - margin;
        Start::of(
            &self.job.source,
            self.video.start_time.max(self.plan.origin),
            moment,
            end - END_MARGIN,
        )
    }

    fn args(&self, config: &ToolConfig, start: Start, view: &View) -> Vec<String> {
        let mut args = Args::ffmpeg();
        let threads = if self.job.urgency == Urgency::Bulk {
            config.threads
        } else {
            0
        };
        if threads > 0 {
            args.option("-filter_complex_threads", threads)
                .option("-threads", threads);
        }
        start.options(&mut args);
        if filters::outlives_changes(self.video) {
            args.words("-reinit_filter 0");
        }
        args.extend(view.input(self.job.source.demuxer, config.max_pixels));
        let graph = filters::graph(
            self.plan,
            self.video,
            self.stream,
            self.frames,
            start,
            &self.rungs,
            &self.pictures,
        );
        args.option("-filter_complex", graph);
        for (index, rung) in self.rungs.iter().enumerate() {
            args.option("-map", format!("[v{index}]"));
            self.rung_options(&mut args, config, rung);
            if threads > 0 {
                args.option("-threads", threads);
            }
            args.arg(view.out(&format!("v{index}.mp4")));
        }
        for index in 0..self.pictures.len() {
            images::output(
                &mut args,
                &format!("[p{index}]"),
                view.out(&format!("p{index}.jpg")),
            );
        }
        args.into_vec()
    }

    fn rung_options(&self, args: &mut Args, config: &ToolConfig, rung: &Rung) {
        let grid = &self.plan.grid;
        let step = grid.segment_frames;
        let segments = &self.job.segments;
        let last_cut = u64::from(segments.end - segments.start - 1) * u64::from(step);
        args.words("-fps_mode passthrough")
            .option("-frames:v", self.frames.count);
        args.words("-c:v libx264 -profile:v high")
            .option("-level:v", rung.level_text());
        args.option("-preset", config.preset.as_str())
            .option("-crf", rung.crf);
        args.option("-maxrate", format!("{}k", rung.maxrate_kbps));
        args.option("-bufsize", format!("{}k", rung.bufsize_kbps));
        // Keyframes at the cuts and nowhere else; the last segment may be longer than the rest.
        let longest = grid.segment_frames.saturating_mul(4);
        args.option("-g", longest)
            .option("-keyint_min", longest / 2);
        args.words("-sc_threshold 0 -forced-idr 1");
        args.option(
            "-force_key_frames",
            format!("expr:not(mod(n,{step}))*lte(n,{last_cut})"),
        );
        args.words("-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv");
        // The same bytes for the same input: init segments of all runs must be equal.
        args.words("-flags:v +bitexact -fflags +bitexact -map_metadata -1 -map_chapters -1");
        args.words("-f mp4 -movflags");
        args.arg("+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer");
        args.option("-video_track_timescale", grid.timescale());
    }
}

async fn attempt(tools: &Toolbox, task: &Task<'_>, start: Start) -> Result<VideoOutput, RunError> {
    let folder = tools.job()?;
    let skipped = start.skipped(task.plan.origin, task.wanted());
    let config = tools.config();
    let run = Run {
        tool: Tool::Ffmpeg,
        source: &task.job.source.path,
        job: &folder,
        limits: Limits::video(config, task.plan, &task.rungs, task.frames.count, skipped),
        urgency: task.job.urgency,
        cancel: &task.job.cancel,
    };
    let report = tools
        .run(run, |view| task.args(config, start, view))
        .await?;
    let mut rungs = Vec::new();
    for (index, rung) in task.rungs.iter().enumerate() {
        rungs.push(rung_output(task, &folder, index, rung, &report).await?);
    }
    Ok(VideoOutput {
        rungs,
        images: pictures(task, &folder).await?,
    })
}

async fn rung_output(
    task: &Task<'_>,
    folder: &Job,
    index: usize,
    rung: &Rung,
    report: &Report,
) -> Result<RungOutput, RunError> {
    let path = folder.out().join(format!("v{index}.mp4"));
    let file = tokio::fs::read(path).await.map_err(RunError::Machine)?;
    fragments::rung(task.plan, rung, &task.job.segments, &file)
        .map_err(|source| report.invalid(source))
}

async fn pictures(task: &Task<'_>, folder: &Job) -> Result<Vec<Image>, RunError> {
    let mut images = Vec::new();
    for (index, picture) in task.pictures.iter().enumerate() {
        let path = folder.out().join(format!("p{index}.jpg"));
        let bytes = tokio::fs::read(path).await.map_err(RunError::Machine)?;
        if !bytes.is_empty() {
            images.push(Image {
                kind: picture.kind,
                bytes: bytes.into(),
            });
        }
    }
    Ok(images)
}
