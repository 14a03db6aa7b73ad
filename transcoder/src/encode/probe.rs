//! Examining a film.

use media::Source;
use media::probe::{FieldCounts, Limits as MediaLimits, ProbeError};
use media::sniff::Demuxer;
use media::time::Micros;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::{Urgency, cut_off};
use crate::staging::{Seek, StagedSource};
use crate::toolbox::{Limits, ProbeFailure, Run, RunError, Tool, Toolbox, View};

/// How much of the end is looked at for the last frame.
const TAIL: Micros = Micros::from_secs(20);

pub(crate) async fn examine(
    tools: &Toolbox,
    source: &StagedSource,
    cancel: &CancellationToken,
) -> Result<Source, ProbeFailure> {
    let look = Look {
        tools,
        source,
        cancel,
    };
    let report = look
        .ffprobe(&["-show_format", "-show_streams", "-show_chapters"])
        .await
        .map_err(|error| refusal(error, tools.config().max_pixels))?;
    let limits = MediaLimits {
        pixels: tools.config().max_pixels,
        ..MediaLimits::default()
    };
    let mut film = Source::from_ffprobe(&report, &limits)?;
    look.add_first_frame(&mut film).await?;
    let lost = cut_off::find(source).await.map_err(RunError::Machine)?;
    if !film.end_early(&lost) {
        return Err(ProbeFailure::CutOff);
    }
    look.add_last_frame(&mut film).await?;
    Ok(film)
}

/// Pictures that are looked at to know about fields: what 5 s of television have.
const FIELD_PICTURES: u32 = 150;

/// What the pictures from `from` on say about fields. `source` is staged for that span.
pub(crate) async fn fields(
    tools: &Toolbox,
    source: &StagedSource,
    video: u32,
    from: Micros,
    cancel: &CancellationToken,
) -> Result<FieldCounts, RunError> {
    let stream = source.stream(video)?;
    let job = tools.job()?;
    let run = Run {
        tool: Tool::Ffmpeg,
        source: &source.path,
        job: &job,
        limits: Limits::probe(tools.config()),
        urgency: Urgency::Urgent,
        cancel,
    };
    let args = |view: &View| {
        let mut args = Args::ffmpeg();
        if source.seek == Seek::Indexed {
            args.words("-noaccurate_seek -seek_timestamp 1")
                .option("-ss", from);
        }
        args.extend(view.input(source.demuxer, tools.config().max_pixels));
        args.option("-map", format!("0:{stream}"))
            .option("-frames:v", FIELD_PICTURES)
            .words("-vf idet,metadata=mode=print:file=- -f null -");
        args.into_vec()
    };
    let report = tools.run(run, args).await?;
    Ok(FieldCounts::parse(&String::from_utf8_lossy(&report.stdout)))
}

/// What a failed first look means.
fn refusal(error: RunError, max_pixels: u64) -> ProbeFailure {
    // FFmpeg calls it a lack of memory.
    if error.log_tail().contains("Number of streams exceeds") {
        return ProbeFailure::TooManyTracks;
    }
    let RunError::Source { log, .. } = &error else {
        return ProbeFailure::Run(error);
    };
    if log.is_empty() {
        // It crashed without a word: that says nothing about what the file is.
        return ProbeFailure::Run(error);
    }
    if let Some((_, rest)) = log.split_once("Codec (")
        && let Some((codec, _)) = rest.split_once(") not on whitelist")
    {
        return ProbeFailure::CodecNotAllowed {
            codec: codec.chars().take(20).collect(),
        };
    }
    if let Some((width, height)) = picture_size(log) {
        return ProbeFailure::Refused(ProbeError::TooLarge {
            width,
            height,
            max_pixels,
        });
    }
    let cut_off = ["moov atom not found", "partial file", "End of file"];
    if cut_off.iter().any(|text| log.contains(text)) {
        return ProbeFailure::CutOff;
    }
    ProbeFailure::Refused(ProbeError::NotMedia)
}

/// Reads `Picture size 16000x16000 exceeds specified max pixel count`.
fn picture_size(log: &str) -> Option<(u32, u32)> {
    let (before, _) = log.split_once(" exceeds specified max pixel count")?;
    let (width, height) = before.rsplit(' ').next()?.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

struct Look<'a> {
    tools: &'a Toolbox,
    source: &'a StagedSource,
    cancel: &'a CancellationToken,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Times {
    packets: Vec<Packet>,
    frames: Vec<Frame>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Packet {
    pts_time: Option<String>,
    duration_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    best_effort_timestamp_time: Option<String>,
}

impl Look<'_> {
    async fn ffprobe(&self, what: &[&str]) -> Result<Vec<u8>, RunError> {
        let job = self.tools.job()?;
        let config = self.tools.config();
        let run = Run {
            tool: Tool::Ffprobe,
            source: &self.source.path,
            job: &job,
            limits: Limits::probe(config),
            // A person waits for the answer.
            urgency: Urgency::Urgent,
            cancel: self.cancel,
        };
        let args = |view: &View| {
            let mut args = Args::default();
            args.words("-hide_banner -loglevel level+error -of json");
            args.extend(what.iter().map(|word| (*word).to_owned()));
            args.extend(view.input(self.source.demuxer, config.max_pixels));
            args.into_vec()
        };
        Ok(self.tools.run(run, args).await?.stdout)
    }

    async fn times(&self, what: &[&str]) -> Result<Times, ProbeFailure> {
        let report = self.ffprobe(what).await?;
        Ok(serde_json::from_slice(&report).map_err(ProbeError::Report)?)
    }

    /// AVI counts decoded pictures and does not say when the first is shown; fragments do not say
    /// for how long.
    async fn add_first_frame(&self, film: &mut Source) -> Result<(), ProbeFailure> {
        let Some(video) = &mut film.video else {
            return Ok(());
        };
        let is_fragmented = self.source.demuxer == Demuxer::Mov && video.frames.is_none();
        if self.source.demuxer != Demuxer::Avi && !is_fragmented {
            return Ok(());
        }
        let stream = video.index.to_string();
        let entries = "frame=best_effort_timestamp_time";
        let what = [
            "-select_streams",
            &stream,
            "-show_entries",
            entries,
            "-read_intervals",
            "%+#8",
        ];
        let shown = self.times(&what).await?.frames;
        let times = shown.iter().filter_map(|frame| {
            Micros::parse_seconds(frame.best_effort_timestamp_time.as_deref()?)
        });
        video.settle_start(&times.collect::<Vec<_>>());
        Ok(())
    }

    /// Containers that count no frames only tell a rounded length: the last packets tell the end.
    async fn add_last_frame(&self, film: &mut Source) -> Result<(), ProbeFailure> {
        let Some(video) = &film.video else {
            return Ok(());
        };
        if video.frames.is_some() || film.last_video_end.is_some() {
            return Ok(());
        }
        let from = film.start_time + film.duration - TAIL;
        let stream = video.index.to_string();
        let interval = format!("{}%", from.max(film.start_time));
        let entries = "packet=pts_time,duration_time";
        // Program streams give a time to some packets only.
        let what = [
            "-select_streams",
            &stream,
            "-show_entries",
            entries,
            "-read_intervals",
            &interval,
            "-fflags",
            "+genpts",
        ];
        let packets = self.times(&what).await?.packets;
        let one_frame = video
            .average_rate
            .or(video.base_rate)
            .map_or(Micros::ZERO, |rate| rate.frames_to_micros(1));
        let time = |text: &Option<String>| Micros::parse_seconds(text.as_deref()?);
        let end = packets.iter().filter_map(|packet| {
            let lasts = time(&packet.duration_time).filter(|lasts| *lasts > Micros::ZERO);
            Some(time(&packet.pts_time)? + lasts.unwrap_or(one_frame))
        });
        film.last_video_end = end.max();
        Ok(())
    }
}
