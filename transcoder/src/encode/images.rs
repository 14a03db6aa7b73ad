//! Pictures: the poster and the hover frames.

use media::Plan;
use media::images::{hover_image, poster_frame};
use media::ladder::Size;
use media::time::Micros;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::filters::Frames;
use super::{Image, ImageKind, ImageWish, Urgency};
use crate::staging::StagedSource;
use crate::toolbox::{Limits, Run, RunError, Tool, Toolbox, View};

/// Short side of every picture.
const SHORT_SIDE: u32 = 360;
/// How much of a film's sound is drawn.
pub(crate) const WAVEFORM: Micros = Micros::from_secs(600);
/// mjpeg's scale, 2 to 31: fine to coarse.
const QUALITY: &str = "4";

/// One picture file of a video run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) kind: ImageKind,
    pub(super) size: Size,
    choice: Choice,
}

/// Which frame a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// This one, counted from the film's first.
    Frame(u64),
    /// The most typical of the run's first that is not black; this one where all are.
    Typical(u64),
}

impl Picture {
    /// The pictures that `wish` asks for in a run of `frames`; `None` when one lies outside.
    pub(super) fn list(plan: &Plan, wish: &ImageWish, frames: Frames) -> Option<Vec<Self>> {
        let size = size(plan.source.video.as_ref()?.displayed);
        let within = |frame: u64| (frames.first..frames.first + frames.count).contains(&frame);
        let mut list = Vec::new();
        if wish.poster {
            let frame = poster_frame(&plan.grid);
            if !within(frame) {
                return None;
            }
            list.push(Self {
                kind: ImageKind::Poster,
                size,
                choice: Choice::Typical(frame),
            });
        }
        for index in &wish.hover {
            let frame = hover_image(&plan.grid, *index)?.frame;
            if !within(frame) {
                return None;
            }
            list.push(Self {
                kind: ImageKind::Hover(*index),
                size,
                choice: Choice::Frame(frame),
            });
        }
        Some(list)
    }

    /// The chains that make the picture `[p{number}]` out of the frames of `[{input}]`.
    pub(super) fn chains(&self, frames: Frames, scale: &str, input: &str, number: usize) -> String {
        let format = format!("{scale},format=yuvj420p,setsar=1");
        let only = |frame: u64| format!("select=eq(n\\,{})", frame - frames.first);
        match self.choice {
            Choice::Frame(frame) => format!("[{input}]{},{format}[p{number}]", only(frame)),
            // A few frames a second tell enough. Behind them comes the frame that is taken when
            // none is left.
            Choice::Typical(otherwise) => format!(
                "[{input}]split[t{number}][o{number}];\
                 [t{number}]trim=end_frame=150,select=not(mod(n\\,5)),{format},\
                 blackframe=amount=0:threshold=32,\
                 metadata=mode=select:key=lavfi.blackframe.pblack:value=90:function=less,\
                 thumbnail=n=30,setpts=N[u{number}];\
                 [o{number}]{},{format},setpts=N[w{number}];\
                 [u{number}][w{number}]concat=n=2:v=1:a=0[p{number}]",
                only(otherwise),
            ),
        }
    }
}

/// Picture size: the film's aspect, never enlarged.
fn size(film: Size) -> Size {
    let short = film.short_side().max(1);
    if short <= SHORT_SIDE {
        return film;
    }
    let scaled = |side: u32| {
        let scaled = u64::from(side) * u64::from(SHORT_SIDE) / u64::from(short);
        u32::try_from(scaled).unwrap_or(side)
    };
    Size {
        width: scaled(film.width),
        height: scaled(film.height),
    }
    .even()
}

/// Options of one picture output.
pub(super) fn output(args: &mut Args, label: &str, file: String) {
    args.option("-map", label)
        .words("-frames:v 1 -fps_mode passthrough -c:v mjpeg");
    args.option("-q:v", QUALITY)
        .words("-fflags +bitexact -flags:v +bitexact -f mjpeg")
        .arg(file);
}

/// The cover art of a film of sound only.
pub(crate) async fn cover(
    tools: &Toolbox,
    source: &StagedSource,
    stream: u32,
    urgency: Urgency,
    cancel: &CancellationToken,
) -> Result<Image, RunError> {
    let stream = source.stream(stream)?;
    let graph = format!(
        "[0:{stream}]scale=w=if(gt(iw\\,ih)\\,-2\\,min(iw\\,{SHORT_SIDE})):\
         h=if(gt(iw\\,ih)\\,min(ih\\,{SHORT_SIDE})\\,-2):out_color_matrix=smpte170m:\
         out_range=pc,format=yuvj420p,setsar=1[p]"
    );
    poster(tools, source, graph, urgency, cancel).await
}

/// The shape of a film's sound, for a film of sound only that has no cover: that of its first
/// [`WAVEFORM`], so that a long film costs no more than a short one.
pub(crate) async fn waveform(
    tools: &Toolbox,
    source: &StagedSource,
    plan: &Plan,
    urgency: Urgency,
    cancel: &CancellationToken,
) -> Result<Image, RunError> {
    let track = plan.track(0).ok_or(RunError::Job("there is no sound"))?;
    let stream = source.stream(track.stream_index)?;
    let end = plan.origin + WAVEFORM;
    let graph = format!(
        "color=c=0x10161f:s=640x{SHORT_SIDE}:d=1[back];\
         [0:{stream}]atrim=end={end},aformat=channel_layouts=mono,\
         showwavespic=s=576x240:colors=0x5aa9e6:scale=sqrt,setpts=0[wave];\
         [back][wave]overlay=x=32:y=60,scale=out_color_matrix=smpte170m:out_range=pc,\
         format=yuvj420p,setsar=1[p]"
    );
    poster(tools, source, graph, urgency, cancel).await
}

/// The picture `[p]` of a filter graph.
async fn poster(
    tools: &Toolbox,
    source: &StagedSource,
    graph: String,
    urgency: Urgency,
    cancel: &CancellationToken,
) -> Result<Image, RunError> {
    let job = tools.job()?;
    let run = Run {
        tool: Tool::Ffmpeg,
        source: &source.path,
        job: &job,
        limits: Limits::light(tools.config(), std::time::Duration::ZERO),
        urgency,
        cancel,
    };
    let args = |view: &View| {
        let mut args = Args::ffmpeg();
        args.extend(view.input(source.demuxer, tools.config().max_pixels));
        args.option("-filter_complex", graph);
        output(&mut args, "[p]", view.out("p.jpg"));
        args.into_vec()
    };
    tools.run(run, args).await?;
    let bytes = tokio::fs::read(job.out().join("p.jpg"))
        .await
        .map_err(RunError::Machine)?;
    if bytes.is_empty() {
        return Err(RunError::Source {
            reason: "the cover picture has no content".to_owned(),
            log: String::new(),
        });
    }
    Ok(Image {
        kind: ImageKind::Poster,
        bytes: bytes.into(),
    })
}
