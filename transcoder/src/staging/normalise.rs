//! An index for films whose container has none.
//!
//! Seeking in transport and program streams lands anywhere, often after the frame that was asked
//! for. Their packets are therefore written once, unchanged and with their times, into Matroska,
//! whose index can be relied on. It takes as long as copying the file.

use tokio_util::sync::CancellationToken;

use super::{Keeps, Seek, StagedSource};
use crate::encode::{Args, Urgency};
use crate::toolbox::{Limits, Run, RunError, Tool, Toolbox, View};
use media::sniff::Demuxer;

const FILE: &str = "indexed.mkv";

/// These streams of `source`, with an index.
pub(super) async fn with_index(
    tools: &Toolbox,
    source: &StagedSource,
    streams: &[u32],
    cancel: &CancellationToken,
) -> Result<StagedSource, RunError> {
    let job = tools.job()?;
    let limits = Limits::copy(tools.config(), source.size);
    let urgency = Urgency::Urgent;
    let run = Run {
        tool: Tool::Ffmpeg,
        source: &source.path,
        job: &job,
        limits,
        urgency,
        cancel,
    };
    let args = |view: &View| {
        let mut args = Args::ffmpeg();
        args.words("-fflags +genpts");
        args.extend(view.input(source.demuxer, tools.config().max_pixels));
        for stream in streams {
            args.option("-map", format!("0:{stream}"));
        }
        args.words("-c copy -map_metadata -1 -map_chapters -1 -avoid_negative_ts disabled");
        args.words("-max_interleave_delta 0 -f matroska")
            .arg(view.out(FILE));
        args.into_vec()
    };
    tools.run(run, args).await?;
    let path = job.out().join(FILE);
    let size = tokio::fs::metadata(&path)
        .await
        .map_err(RunError::Machine)?
        .len();
    Ok(StagedSource {
        path,
        demuxer: Demuxer::Matroska,
        size,
        seek: Seek::Indexed,
        streams: Some(streams.to_vec()),
        whole: true,
        _keeps: Some(Keeps::Job(job)),
    })
}
