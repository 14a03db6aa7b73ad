//! Text subtitles as WebVTT.

use bytes::Bytes;
use media::{Micros, Plan};
use tokio_util::sync::CancellationToken;

use super::Urgency;
use super::args::Args;
use crate::staging::StagedSource;
use crate::toolbox::{Limits, Run, RunError, Tool, Toolbox, View};

/// Every text track of the plan, in its order, counted from the film's zero.
pub(crate) async fn texts(
    tools: &Toolbox,
    source: &StagedSource,
    plan: &Plan,
    urgency: Urgency,
    cancel: &CancellationToken,
) -> Result<Vec<Bytes>, RunError> {
    let streams: Vec<_> = plan
        .text_subtitles()
        .map(|(_, track)| source.stream(track.stream_index))
        .collect::<Result<_, _>>()?;
    let job = tools.job()?;
    let run = Run {
        tool: Tool::Ffmpeg,
        source: &source.path,
        job: &job,
        limits: Limits::copy(tools.config(), source.size),
        urgency,
        cancel,
    };
    let args = |view: &View| {
        let mut args = Args::ffmpeg();
        args.option("-itsoffset", Micros::ZERO - plan.origin);
        args.extend(view.input(source.demuxer, tools.config().max_pixels));
        for (number, stream) in streams.iter().enumerate() {
            args.option("-map", format!("0:{stream}"))
                .words("-c:s webvtt -map_metadata -1 -fflags +bitexact -f webvtt")
                .arg(view.out(&format!("s{number}.vtt")));
        }
        args.into_vec()
    };
    tools.run(run, args).await?;
    let mut texts = Vec::new();
    for number in 0..streams.len() {
        let path = job.out().join(format!("s{number}.vtt"));
        let text = tokio::fs::read(path).await.map_err(RunError::Machine)?;
        texts.push(text.into());
    }
    Ok(texts)
}
