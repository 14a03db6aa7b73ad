//! Films whose every frame says its number, and reading the numbers back.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "every test binary uses another part of this"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use media::sniff::{self, Demuxer};
use media::{Plan, PlanSettings};
use tokio_util::sync::CancellationToken;
use transcoder::encode::{ImageWish, RungOutput, Urgency, VideoJob, VideoOutput};
use transcoder::staging::StagedSource;
use transcoder::toolbox::{SandboxChoice, ToolConfig, Toolbox};

/// The real clip: 5.3 s of "Big Buck Bunny", © Blender Foundation, CC BY 3.0.
pub(crate) fn bunny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/media/bigbuckbunny-720p-5s.mp4")
}

/// Sixteen blocks in the upper third: the frame's number, least significant bit first.
const COUNTER: &str = "geq=lum='if(lt(Y,60),16+219*mod(floor(N/pow(2,floor(X/20))),2),\
                       128+40*sin((X+Y+N*3)/15))':cb=128:cr=128";

/// The video filter input of a counting film.
pub(crate) fn counter(rate: &str, seconds: u32) -> String {
    format!("color=c=black:s=320x180:r={rate}:d={seconds},{COUNTER}")
}

/// Runs plain ffmpeg, as a maker of films would.
pub(crate) fn ffmpeg(folder: &Path, args: &str) {
    let words = split(args);
    let output = command("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(&words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {args}: {said}");
}

/// Words separated by spaces; a part in double quotes is one word.
fn split(args: &str) -> Vec<String> {
    let parts = args.split('"').enumerate();
    parts
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests make and check films with plain ffmpeg"
)]
pub(crate) fn command(program: &str) -> Command {
    Command::new(program)
}

/// A counting film with a tone, in H.264 with B-frames and AAC.
pub(crate) fn counting_film(folder: &Path, name: &str, rate: &str, seconds: u32) -> PathBuf {
    let picture = counter(rate, seconds);
    ffmpeg(
        folder,
        &format!(
            "-f lavfi -i \"{picture}\" -f lavfi -i sine=f=440:d={seconds}:r=48000 -c:v libx264 \
             -preset ultrafast -bf 3 -b_strategy 0 -g 250 -pix_fmt yuv420p -c:a aac {name}"
        ),
    );
    folder.join(name)
}

/// The numbers that the frames of `film` show.
pub(crate) fn numbers(film: &Path) -> Vec<u32> {
    let output = command("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-vf"])
        .arg("scale=320:180,crop=320:60:0:0,scale=16:1:flags=area")
        .args(["-pix_fmt", "gray", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let number = |frame: &[u8]| {
        frame
            .iter()
            .enumerate()
            .map(|(bit, level)| u32::from(*level > 125) << bit)
            .sum()
    };
    output.stdout.chunks(16).map(number).collect()
}

/// A toolbox whose scratch folder is in `folder`.
pub(crate) async fn tools_in(folder: &Path, sandbox: SandboxChoice) -> Arc<Toolbox> {
    let config = ToolConfig {
        scratch: folder.join("scratch"),
        sandbox,
        ..ToolConfig::default()
    };
    Arc::new(Toolbox::detect(&config).await.unwrap())
}

/// The best box of this machine.
pub(crate) async fn tools(folder: &Path) -> Arc<Toolbox> {
    tools_in(folder, SandboxChoice::Auto).await
}

/// A film on this disk.
pub(crate) fn staged(film: &Path) -> Arc<StagedSource> {
    let bytes = std::fs::read(film).unwrap();
    let demuxer: Demuxer = sniff::demuxer(&bytes).unwrap();
    Arc::new(StagedSource::local(
        film.to_owned(),
        demuxer,
        bytes.len() as u64,
    ))
}

/// The film's plan, by a real probe.
pub(crate) async fn plan(tools: &Toolbox, source: &StagedSource, sides: &[u32]) -> Arc<Plan> {
    let film = tools
        .probe(source, &CancellationToken::new())
        .await
        .unwrap();
    let settings = PlanSettings {
        short_sides: sides.to_vec(),
        ..PlanSettings::default()
    };
    Arc::new(Plan::build("film", 1, &film, &settings).unwrap())
}

/// A job for these segments of all rungs.
pub(crate) fn video_job(
    plan: &Arc<Plan>,
    source: &Arc<StagedSource>,
    segments: std::ops::Range<u32>,
) -> VideoJob {
    VideoJob {
        plan: Arc::clone(plan),
        source: Arc::clone(source),
        segments,
        rungs: plan.rungs.iter().map(|rung| rung.name.clone()).collect(),
        images: ImageWish::default(),
        urgency: Urgency::Urgent,
        cancel: CancellationToken::new(),
    }
}

/// Encodes the whole film in runs of `step` segments.
pub(crate) async fn encode_all(
    tools: &Toolbox,
    plan: &Arc<Plan>,
    source: &Arc<StagedSource>,
    step: u32,
) -> Vec<VideoOutput> {
    let mut outputs = Vec::new();
    let count = plan.grid.segment_count;
    for start in (0..count).step_by(step as usize) {
        let job = video_job(plan, source, start..(start + step).min(count));
        outputs.push(tools.encode_video(job).await.unwrap());
    }
    outputs
}

/// All segments of one rung after its init segment, as a player would put them together.
pub(crate) fn assemble(path: &Path, parts: &[&RungOutput]) {
    let mut bytes = parts[0].init.to_vec();
    for part in parts {
        assert_eq!(part.init, parts[0].init, "init segments differ");
        part.segments
            .iter()
            .for_each(|segment| bytes.extend_from_slice(&segment.bytes));
    }
    std::fs::write(path, bytes).unwrap();
}
