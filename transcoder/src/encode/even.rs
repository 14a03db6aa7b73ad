//! Sound whose channels or sample rate change midway, made even before it is cut.
//!
//! ffmpeg builds a filter graph anew for every change, and one that cuts on sample numbers would
//! then begin with its first again. So such a graph refuses the change, and a first run writes the
//! sound in one form, every sample at its own time.

use media::grid::AUDIO_RATE;
use media::sniff::Demuxer;
use media::time::Micros;

use super::args::Args;
use crate::staging::StagedSource;
use crate::toolbox::{Job, RunError, View};

const FILE: &str = "even.mov";

/// Whether a run failed because its sound changed its form.
pub(super) fn is_wanted(error: &RunError) -> bool {
    matches!(error, RunError::Source { log, .. }
        if log.contains("Changing audio frame properties on the fly"))
}

/// The graph of the first run: it keeps nothing but what the resampler needs, so that it may be
/// built anew.
pub(super) fn graph(stream: u32, layout: &str, end: Micros) -> String {
    format!(
        "[0:{stream}]atrim=end={end},aresample=osr={AUDIO_RATE}:ochl={layout}:rematrix_maxval=1,\
         aformat=sample_fmts=s16:sample_rates={AUDIO_RATE}:channel_layouts={layout}[a]"
    )
}

/// Its output: a container whose clock counts samples.
pub(super) fn output(args: &mut Args, view: &View) {
    args.words("-map [a] -c:a pcm_s16le -avoid_negative_ts disabled")
        .option("-movie_timescale", AUDIO_RATE);
    args.words("-map_metadata -1 -map_chapters -1 -f mov")
        .arg(view.out(FILE));
}

/// What the run wrote, in place of stream `stream` of the film.
pub(super) async fn source(folder: &Job, stream: u32) -> Result<StagedSource, RunError> {
    let path = folder.out().join(FILE);
    let metadata = tokio::fs::metadata(&path).await;
    let size = metadata.map_err(RunError::Machine)?.len();
    let mut source = StagedSource::local(path, Demuxer::Mov, size);
    source.streams = Some(vec![stream]);
    Ok(source)
}
