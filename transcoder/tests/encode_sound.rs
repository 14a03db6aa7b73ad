//! Sound encoded in pieces is the sound encoded at once: no joint can be found.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a failed test should panic, and sound is compared in floats"
)]

mod clips;

use std::path::Path;
use std::sync::Arc;

use clips::{bunny, command, ffmpeg, plan, staged, tools};
use media::Plan;
use tokio_util::sync::CancellationToken;
use transcoder::encode::{AudioJob, AudioOutput, Urgency};
use transcoder::staging::StagedSource;
use transcoder::toolbox::Toolbox;

/// Encodes track 0 in runs of `step` segments.
async fn encode(
    tools: &Toolbox,
    plan: &Arc<Plan>,
    source: &Arc<StagedSource>,
    step: u32,
) -> Vec<AudioOutput> {
    let mut outputs = Vec::new();
    let count = plan.grid.segment_count;
    for start in (0..count).step_by(step as usize) {
        let job = AudioJob {
            plan: Arc::clone(plan),
            source: Arc::clone(source),
            track: 0,
            segments: start..(start + step).min(count),
            urgency: Urgency::Urgent,
            cancel: CancellationToken::new(),
        };
        outputs.push(tools.encode_audio(job).await.unwrap());
    }
    outputs
}

/// Puts segments together and decodes them.
fn decoded(path: &Path, outputs: &[AudioOutput]) -> Vec<i16> {
    let mut bytes = outputs[0].init.to_vec();
    for output in outputs {
        assert_eq!(output.init, outputs[0].init);
        output
            .segments
            .iter()
            .for_each(|segment| bytes.extend_from_slice(&segment.bytes));
    }
    std::fs::write(path, bytes).unwrap();
    samples(path, &[])
}

fn samples(path: &Path, options: &[&str]) -> Vec<i16> {
    let output = command("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(options)
        .args([
            "-map", "0:a:0", "-ac", "2", "-ar", "48000", "-f", "s16le", "-",
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
        .stdout
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}

/// Root mean square of the difference in frames `from..to` (stereo).
fn difference(one: &[i16], other: &[i16], from: usize, to: usize) -> f64 {
    let (from, to) = (from * 2, (to * 2).min(one.len()).min(other.len()));
    let sum: f64 = (from..to)
        .map(|i| (f64::from(one[i]) - f64::from(other[i])).powi(2))
        .sum();
    (sum / (to - from) as f64).sqrt()
}

/// Differences of pieces against the whole: around the joints, and everywhere.
async fn joints(folder: &Path, film: &Path) -> (f64, f64, f64) {
    let tools = tools(folder).await;
    let source = staged(film);
    let plan = plan(&tools, &source, &[240]).await;
    let count = plan.grid.segment_count;
    let whole = decoded(
        &folder.join("whole.mp4"),
        &encode(&tools, &plan, &source, count).await,
    );
    let pieces = decoded(
        &folder.join("pieces.mp4"),
        &encode(&tools, &plan, &source, 1).await,
    );
    assert_eq!(pieces.len(), whole.len());
    let around = |segment: u32| {
        let joint = plan.grid.audio_boundary(segment) as usize * 1024;
        difference(&pieces, &whole, joint - 2048, joint + 2048).powi(2)
    };
    let at_joints = ((1..count).map(around).sum::<f64>() / f64::from(count - 1)).sqrt();
    let everywhere = difference(&pieces, &whole, 0, usize::MAX / 4);
    let silence = vec![0; whole.len()];
    (
        at_joints,
        everywhere,
        difference(&whole, &silence, 0, usize::MAX / 4),
    )
}

#[tokio::test]
async fn joints_differ_no_more_than_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(
        folder.path(),
        &format!(
            "-stream_loop 5 -i {} -c copy -t 30 loop.mp4",
            bunny().display()
        ),
    );
    ffmpeg(folder.path(), "-i loop.mp4 -c copy loop.mkv");
    ffmpeg(folder.path(), "-i loop.mp4 -c copy loop.ts");
    ffmpeg(
        folder.path(),
        "-i loop.mp4 -vn -ar 44100 -c:a flac loop.flac",
    );
    ffmpeg(
        folder.path(),
        "-i loop.mp4 -i loop.flac -map 0:v -map 1:a -c:v copy -c:a mp3 loop44.mkv",
    );
    for name in ["loop.mp4", "loop.mkv", "loop.ts", "loop44.mkv", "loop.flac"] {
        let (at_joints, everywhere, signal) =
            joints(folder.path(), &folder.path().join(name)).await;
        println!("{name}: joints {at_joints:.1}, everywhere {everywhere:.1}, signal {signal:.1}");
        assert!(
            at_joints <= everywhere * 1.5,
            "{name}: {at_joints} against {everywhere}"
        );
        assert!(
            everywhere < signal / 10.0,
            "{name}: {everywhere} of {signal}"
        );
    }
}

#[tokio::test]
async fn sound_keeps_its_place_in_the_film() {
    let folder = tempfile::tempdir().unwrap();
    // One click at 9 s, in a film that lasts 12 s and whose sound begins a second late.
    ffmpeg(
        folder.path(),
        "-f lavfi -i color=s=320x180:r=25:d=12 -itsoffset 1 -f lavfi -i \
         \"aevalsrc='if(between(t,8,8.01),0.9*sin(6000*t),0)':s=44100:d=9\" \
         -c:v libx264 -preset ultrafast -c:a aac late.mkv",
    );
    let tools = tools(folder.path()).await;
    let source = staged(&folder.path().join("late.mkv"));
    let plan = plan(&tools, &source, &[180]).await;
    let sound = decoded(
        &folder.path().join("sound.mp4"),
        &encode(&tools, &plan, &source, 1).await,
    );
    let click = sound
        .iter()
        .position(|sample| sample.unsigned_abs() > 8000)
        .unwrap()
        / 2;
    // Within a tenth of a frame; the decoder shows the encoder's priming.
    assert!(
        click.abs_diff(9 * 48_000) < 2500,
        "the click is at sample {click}"
    );
    assert_eq!(
        sound.len() / 2,
        plan.grid.audio_boundary(plan.grid.segment_count) as usize * 1024
    );
}
