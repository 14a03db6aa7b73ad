//! The peer: plain ffmpeg on the local file, same rungs, same settings.

use std::path::Path;
use std::process::{Command, Stdio};

use media::Rational;
use media::ladder::{Rung, SHORT_SIDES, Size, rungs};
use tokio::time::Instant;

/// Frames of a segment of the clip: 4 s at 25 frames a second.
const SEGMENT_FRAMES: &str = "100";

/// The rungs of a 1280×720 film at 25 frames a second.
pub(crate) fn ladder() -> Vec<Rung> {
    let size = Size {
        width: 1280,
        height: 720,
    };
    rungs(size, Rational::new(25, 1).expect("not zero"), &SHORT_SIDES)
}

/// Time that ffmpeg takes for the first segment of the lowest rung with its sound.
pub(crate) fn first_segment(source: &Path, folder: &Path) -> f64 {
    let lowest = ladder().into_iter().next().expect("a rung");
    let mut command = ffmpeg(source);
    command.args(["-t", "4", "-map", "0:v:0", "-map", "0:a:0"]);
    video(&mut command, &lowest);
    command
        .args(["-frames:v", SEGMENT_FRAMES])
        .args(AUDIO)
        .arg(folder.join("first.mp4"));
    time(command)
}

/// Time that one ffmpeg takes for the whole ladder: one decode, all rungs, and the sound.
pub(crate) fn whole_ladder(source: &Path, folder: &Path) -> f64 {
    let ladder = ladder();
    let mut command = ffmpeg(source);
    let outputs = (0..ladder.len())
        .map(|n| format!("[s{n}]"))
        .collect::<Vec<_>>()
        .concat();
    let mut graph = format!("[0:v:0]split={}{outputs}", ladder.len());
    for (n, rung) in ladder.iter().enumerate() {
        let Size { width, height } = rung.size;
        graph = format!("{graph};[s{n}]scale={width}:{height}:flags=bicubic[v{n}]");
    }
    command.args(["-filter_complex", &graph]);
    for (n, rung) in ladder.iter().enumerate() {
        command.args(["-map", &format!("[v{n}]")]);
        encoder(&mut command, rung);
        command.arg(folder.join(format!("{}.mp4", rung.name)));
    }
    command
        .args(["-map", "0:a:0"])
        .args(AUDIO)
        .arg(folder.join("sound.mp4"));
    time(command)
}

const AUDIO: [&str; 8] = ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"];

#[expect(
    clippy::disallowed_methods,
    reason = "the peer is ffmpeg itself, outside of any service"
)]
fn ffmpeg(source: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(source);
    command
}

fn video(command: &mut Command, rung: &Rung) {
    let Size { width, height } = rung.size;
    command.args(["-vf", &format!("scale={width}:{height}:flags=bicubic")]);
    encoder(command, rung);
}

/// The settings of `transcoder::encode`.
fn encoder(command: &mut Command, rung: &Rung) {
    command.args([
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-profile:v",
        "high",
    ]);
    command.args(["-pix_fmt", "yuv420p", "-level", &rung.level_text()]);
    command.args(["-crf", &rung.crf.to_string()]);
    command.args(["-maxrate", &format!("{}k", rung.maxrate_kbps)]);
    command.args(["-bufsize", &format!("{}k", rung.bufsize_kbps)]);
    command.args([
        "-g",
        SEGMENT_FRAMES,
        "-keyint_min",
        SEGMENT_FRAMES,
        "-sc_threshold",
        "0",
    ]);
}

fn time(mut command: Command) -> f64 {
    let begun = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .status()
        .expect("ffmpeg is installed");
    assert!(status.success(), "{command:?}");
    begun.elapsed().as_secs_f64()
}
