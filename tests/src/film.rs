//! Films to upload, made by ffmpeg, and what ffmpeg says of what came out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Options of ffmpeg: a quick encoder, for films of which the quality does not matter.
pub const QUICK_ENCODER: [&str; 6] = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
];

/// Runs `program` to its end and returns its standard output.
///
/// # Panics
///
/// When it cannot be started or fails; its standard error is shown.
#[expect(
    clippy::disallowed_methods,
    reason = "the harness runs ffmpeg outside of any service"
)]
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {complaint}"
    );
    output.stdout
}

/// The frames of each picture that the manifest at `url` has, all of which decode.
///
/// # Panics
///
/// When anything cannot be read or decoded.
pub fn frames(url: &str) -> Vec<u64> {
    let streams = streams(url);
    let pictures = streams
        .iter()
        .filter(|stream| stream["codec_type"] == "video");
    let count = |stream: &Value| stream["nb_read_packets"].as_str()?.parse().ok();
    let frames = pictures.map(|stream| count(stream).expect("ffprobe counts"));
    let frames = frames.collect();
    decode(url);
    frames
}

/// A test picture with a moving pattern and a tone, `seconds` long at `rate` frames a second.
pub fn lavfi(folder: &Path, name: &str, seconds: u32, rate: &str, size: &str) -> PathBuf {
    let path = folder.join(name);
    let picture = format!("testsrc2=size={size}:rate={rate}:duration={seconds}");
    let sound = format!("sine=frequency=440:sample_rate=48000:duration={seconds}");
    let mut arguments = vec!["-v", "error", "-y"];
    arguments.extend(["-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &sound]);
    arguments.extend(QUICK_ENCODER);
    arguments.extend(["-c:a", "aac", "-shortest"]);
    arguments.push(path.to_str().expect("paths here are UTF-8"));
    run("ffmpeg", &arguments);
    path
}

/// The repository's clip, played `times` times over. Its sound is a little longer than its picture,
/// so each joint holds a frame a little longer: strictly, the rate varies.
pub fn looped_clip(folder: &Path, name: &str, times: u32) -> PathBuf {
    loop_clip(folder, name, times, &["-c", "copy"])
}

/// The same, encoded again at a constant rate.
pub fn reencoded_clip(folder: &Path, name: &str, times: u32) -> PathBuf {
    let how = [&QUICK_ENCODER[..], &["-r", "25", "-c:a", "aac"]].concat();
    loop_clip(folder, name, times, &how)
}

fn loop_clip(folder: &Path, name: &str, times: u32, how: &[&str]) -> PathBuf {
    let clip = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testkit/media/bigbuckbunny-720p-5s.mp4"
    );
    let path = folder.join(name);
    let again = (times - 1).to_string();
    let mut arguments = vec!["-v", "error", "-y", "-stream_loop", &again, "-i", clip];
    arguments.extend(how);
    arguments.push(path.to_str().expect("paths here are UTF-8"));
    run("ffmpeg", &arguments);
    path
}

/// What ffprobe says of the streams of a file or an address, every packet counted.
pub fn streams(input: &str) -> Vec<Value> {
    let arguments = [
        "-v",
        "error",
        "-count_packets",
        "-show_streams",
        "-of",
        "json",
        "-i",
        input,
    ];
    let told: Value = serde_json::from_slice(&run("ffprobe", &arguments)).expect("JSON of ffprobe");
    told.get("streams")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// Decodes all picture and sound of a file or an address; returns ffmpeg's complaints.
pub fn decode(input: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the harness runs ffmpeg itself")]
    let output = Command::new("ffmpeg")
        .args([
            "-v", "warning", "-xerror", "-i", input, "-map", "0:v?", "-map", "0:a?", "-f", "null",
            "-",
        ])
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg is installed");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{input} does not decode: {complaints}"
    );
    complaints
}
