//! A file's way through the box, as the worker's: look, examine, plan, encode.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "every test binary uses another part of this"
)]

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use media::sniff::{self, HEAD_BYTES};
use media::{Plan, PlanSettings};
use tokio_util::sync::CancellationToken;
use transcoder::encode::{AudioJob, ImageWish, Urgency, VideoJob};
use transcoder::staging::StagedSource;
use transcoder::toolbox::{Fault, ProbeFailure, RunError, Toolbox};

/// What became of a file.
#[derive(Debug)]
pub(crate) enum End {
    /// Refused, or given up, with this sentence.
    Refused { fault: Fault, said: String },
    /// Bytes made, and what they may be at most by the plan.
    Made { bytes: u64, expected: u64 },
}

impl From<RunError> for End {
    fn from(error: RunError) -> Self {
        Self::Refused {
            fault: error.fault(),
            said: format!("{error} [{}{}]", cause(&error), error.log_tail()),
        }
    }
}

/// In what way it went wrong, for whoever mends it.
fn cause(error: &RunError) -> String {
    use std::error::Error as _;
    let source = error.source();
    source.map_or_else(String::new, |source| format!("{source}; "))
}

impl From<ProbeFailure> for End {
    fn from(error: ProbeFailure) -> Self {
        match error {
            ProbeFailure::Run(run) => run.into(),
            refused => Self::Refused {
                fault: refused.fault(),
                said: refused.to_string(),
            },
        }
    }
}

fn refused(said: &str) -> End {
    End::Refused {
        fault: Fault::Source,
        said: said.to_owned(),
    }
}

/// Uploads the file as far as its first and last chunk.
pub(crate) async fn end_of(tools: &Toolbox, path: &Path) -> End {
    match run(tools, path).await {
        Ok(end) | Err(end) => end,
    }
}

async fn run(tools: &Toolbox, path: &Path) -> Result<End, End> {
    let size = std::fs::metadata(path).unwrap().len();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let opened = std::fs::File::open(path).unwrap();
    std::io::Read::read_to_end(
        &mut std::io::Read::take(opened, HEAD_BYTES as u64),
        &mut head,
    )
    .unwrap();
    let demuxer = sniff::demuxer(&head)
        .ok_or_else(|| refused("this file is not a video or sound file that is accepted"))?;
    let source = Arc::new(StagedSource::local(path.to_owned(), demuxer, size));
    let film = tools.probe(&source, &CancellationToken::new()).await?;
    let settings = PlanSettings {
        // What costs most, and what costs least.
        short_sides: vec![240, 1080],
        ..PlanSettings::default()
    };
    let plan =
        Plan::build("film", 1, &film, &settings).map_err(|error| refused(&error.to_string()))?;
    // What is stored of it must read back.
    let json = plan.to_json().unwrap();
    assert!(Plan::from_json(&json).is_ok_and(|read| read == plan));
    encode(tools, &Arc::new(plan), &source).await
}

async fn encode(tools: &Toolbox, plan: &Arc<Plan>, source: &Arc<StagedSource>) -> Result<End, End> {
    let (mut bytes, mut expected) = (0, 1 << 20);
    let chunks = plan.grid.chunk_count();
    let mut which = vec![0, chunks.saturating_sub(1)];
    which.dedup();
    for segments in which.into_iter().map(|chunk| plan.grid.chunk(chunk)) {
        let poster = segments.start == 0;
        if !plan.rungs.is_empty() {
            bytes += video(tools, plan, source, segments.clone(), poster).await?;
        }
        if !plan.audio.is_empty() {
            bytes += audio(tools, plan, source, segments.clone()).await?;
        }
        let lasts = plan.grid.boundary_time(segments.end) - plan.grid.boundary_time(segments.start);
        let seconds = lasts.to_duration().as_secs() + 1;
        let peak: u64 = plan
            .rungs
            .iter()
            .map(media::ladder::Rung::estimated_peak)
            .sum();
        expected += (peak + 128_000) / 8 * seconds;
    }
    if plan.rungs.is_empty() {
        let cancel = CancellationToken::new();
        let poster = tools.encode_poster(source, plan, Urgency::Bulk, &cancel);
        // A film without a poster is a film.
        bytes += poster.await.map_or(0, |image| image.bytes.len() as u64);
    }
    Ok(End::Made { bytes, expected })
}

async fn video(
    tools: &Toolbox,
    plan: &Arc<Plan>,
    source: &Arc<StagedSource>,
    segments: Range<u32>,
    poster: bool,
) -> Result<u64, End> {
    let output = tools
        .encode_video(VideoJob {
            plan: Arc::clone(plan),
            source: Arc::clone(source),
            segments,
            rungs: plan.rungs.iter().map(|rung| rung.name.clone()).collect(),
            images: ImageWish {
                poster,
                ..ImageWish::default()
            },
            urgency: Urgency::Bulk,
            cancel: CancellationToken::new(),
        })
        .await?;
    let segments = output.rungs.iter().flat_map(|rung| &rung.segments);
    let pictures = output.images.iter().map(|image| image.bytes.len());
    let sizes = segments.map(|segment| segment.bytes.len()).chain(pictures);
    Ok(sizes.map(|size| size as u64).sum())
}

async fn audio(
    tools: &Toolbox,
    plan: &Arc<Plan>,
    source: &Arc<StagedSource>,
    segments: Range<u32>,
) -> Result<u64, End> {
    let output = tools
        .encode_audio(AudioJob {
            plan: Arc::clone(plan),
            source: Arc::clone(source),
            track: 0,
            segments,
            urgency: Urgency::Bulk,
            cancel: CancellationToken::new(),
        })
        .await?;
    let sizes = output.segments.iter().map(|segment| segment.bytes.len());
    Ok(sizes.map(|size| size as u64).sum())
}

/// Folders of runs that are still in the scratch folder of the toolbox made in `folder`.
pub(crate) fn left_in_scratch(folder: &Path) -> Vec<std::path::PathBuf> {
    let parts = std::fs::read_dir(folder.join("scratch")).unwrap();
    let inside = parts.flat_map(|part| std::fs::read_dir(part.unwrap().path()).unwrap());
    let paths = inside.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}
