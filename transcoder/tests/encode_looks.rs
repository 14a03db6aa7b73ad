//! Whatever a film's picture is like, it comes out upright, square, even and in plain colors.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod clips;

use std::path::Path;

use clips::{assemble, command, ffmpeg, plan, staged, tools, video_job};
use transcoder::encode::{ImageKind, ImageWish, VideoOutput};
use transcoder::toolbox::Toolbox;

/// Encodes the film's first segment with all pictures, and puts its best rung into a file.
async fn encode(tools: &Toolbox, folder: &Path, film: &str) -> VideoOutput {
    let source = staged(&folder.join(film));
    let plan = plan(tools, &source, &[180]).await;
    let mut job = video_job(&plan, &source, 0..1);
    job.images = ImageWish {
        poster: true,
        hover: vec![0],
    };
    let output = tools.encode_video(job).await.unwrap();
    assemble(&folder.join("out.mp4"), &[output.rungs.last().unwrap()]);
    output
}

/// What ffprobe says of the picture of `out.mp4`.
fn looks(folder: &Path, what: &str) -> String {
    let output = command("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v",
            "-of",
            "csv=p=0",
            "-show_entries",
        ])
        .args([&format!("stream={what}"), "-i"])
        .arg(folder.join("out.mp4"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Average color of a part of the first frame, as red, green, blue.
fn color(folder: &Path, crop: &str) -> [u8; 3] {
    let output = command("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(folder.join("out.mp4"))
        .args([
            "-frames:v",
            "1",
            "-vf",
            &format!("crop={crop},scale=1:1:flags=area"),
        ])
        .args(["-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    output.stdout[..3].try_into().unwrap()
}

fn is_near(found: [u8; 3], wanted: [u8; 3]) -> bool {
    found
        .iter()
        .zip(wanted)
        .all(|(one, other)| one.abs_diff(other) < 14)
}

#[tokio::test]
async fn every_picture_comes_out_plain() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tools = tools(at).await;
    ffmpeg(
        at,
        "-f lavfi -i testsrc=s=320x180:r=25:d=2 -c:v libx264 -pix_fmt yuv420p upright.mp4",
    );
    let made: [(&str, &str, &str); 9] = [
        ("turned.mov", "", "180,320"),
        (
            "odd.mkv",
            "-f lavfi -i testsrc=s=321x179:r=25:d=2 -c:v ffv1",
            "320,178",
        ),
        (
            "wide.mp4",
            "-f lavfi -i testsrc=s=240x180:r=25:d=2 -vf setsar=4/3 -c:v libx264",
            "320,180",
        ),
        (
            "ten.mkv",
            "-f lavfi -i testsrc=s=320x180:r=25:d=2 -c:v libx264 -pix_fmt yuv422p10le",
            "320,180",
        ),
        (
            "rgb.mkv",
            "-f lavfi -i testsrc=s=320x180:r=25:d=2 -c:v ffv1 -pix_fmt bgr0",
            "320,180",
        ),
        (
            "fields.mpg",
            "-f lavfi -i testsrc=s=320x180:r=50:d=2 -vf interlace -c:v mpeg2video -flags +ildct+ilme -q:v 2",
            "320,180",
        ),
        (
            "moving.gif",
            "-f lavfi -i testsrc=s=320x180:r=10:d=2",
            "320,180",
        ),
        (
            "clear.mov",
            "-f lavfi -i color=red@0.0:s=320x180:r=25:d=2,format=yuva444p10le -c:v prores_ks -profile:v 4444",
            "320,180",
        ),
        (
            "bright.mkv",
            "-f lavfi -i testsrc=s=320x180:r=25:d=2 -vf format=yuv420p10le -c:v libx265 -x265-params log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -preset ultrafast",
            "320,180",
        ),
    ];
    for (name, how, size) in made {
        match name {
            "turned.mov" => turn(at),
            _ => ffmpeg(at, &format!("{how} {name}")),
        }
        encode(&tools, at, name).await;
        let found = looks(
            at,
            "width,height,sample_aspect_ratio,pix_fmt,profile,color_range,color_space,color_transfer,color_primaries",
        );
        let plain = format!("High,{size},1:1,yuv420p,tv,bt709,bt709,bt709");
        assert_eq!(found, plain, "{name}");
        if name == "clear.mov" {
            assert!(
                is_near(color(at, "iw:ih:0:0"), [0, 0, 0]),
                "{name} shows what is hidden"
            );
        }
    }
}

/// Makes `turned.mov`: old ffmpegs cannot write a turn, so it is set in the file's matrix.
fn turn(at: &Path) {
    let mut bytes = std::fs::read(at.join("upright.mp4")).unwrap();
    let unity: Vec<u8> = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000u32]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect();
    let turned: Vec<u8> = [0, 0x1_0000, 0, 0xFFFF_0000, 0, 0, 0, 0, 0x4000_0000u32]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect();
    let track = bytes.windows(4).position(|kind| kind == b"tkhd").unwrap();
    let matrix = track
        + bytes[track..]
            .windows(36)
            .position(|window| window == unity)
            .unwrap();
    bytes.splice(matrix..matrix + 36, turned);
    std::fs::write(at.join("turned.mov"), bytes).unwrap();
}

#[tokio::test]
async fn colors_stay_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tools = tools(at).await;
    // The same red, green and blue, written in each way.
    let bars = "color=red:s=320x180:r=25:d=1,drawbox=x=107:w=106:h=180:t=fill:color=lime,drawbox=x=213:w=107:h=180:t=fill:color=blue";
    for (name, matrix, range) in [
        ("sd.mkv", "smpte170m", "tv"),
        ("hd.mkv", "bt709", "tv"),
        ("full.mkv", "bt709", "pc"),
    ] {
        ffmpeg(
            at,
            &format!(
                "-f lavfi -i \"{bars},format=gbrp,scale=out_color_matrix={matrix}:out_range={range},format=yuv444p\" \
                 -c:v libx264 -qp 1 -colorspace {matrix} -color_range {range} {name}"
            ),
        );
        encode(&tools, at, name).await;
        for (crop, wanted) in [
            ("60:100:20:40", [255, 0, 0]),
            ("60:100:130:40", [0, 255, 0]),
            ("60:100:240:40", [0, 0, 255]),
        ] {
            let found = color(at, crop);
            assert!(is_near(found, wanted), "{name}: {found:?} for {wanted:?}");
        }
    }
}

#[tokio::test]
async fn pictures_come_with_the_frames() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tools = tools(at).await;
    ffmpeg(
        at,
        "-f lavfi -i color=black:s=1280x720:r=25:d=3 -f lavfi -i testsrc=s=1280x720:r=25:d=3 \
         -filter_complex concat=n=2 -c:v libx264 -preset ultrafast dark.mp4",
    );
    ffmpeg(
        at,
        "-f lavfi -i color=black:s=320x180:r=25:d=2 -c:v libx264 black.mp4",
    );
    for (film, size) in [("dark.mp4", "640,360"), ("black.mp4", "320,180")] {
        let output = encode(&tools, at, film).await;
        let kinds: Vec<_> = output.images.iter().map(|image| image.kind).collect();
        assert_eq!(kinds, [ImageKind::Poster, ImageKind::Hover(0)], "{film}");
        for image in &output.images {
            assert!(image.bytes.starts_with(&[0xFF, 0xD8]), "{film}: no JPEG");
        }
        std::fs::write(at.join("out.mp4"), &output.images[0].bytes).unwrap();
        assert_eq!(looks(at, "width,height"), size, "{film}");
        // The film begins black; its poster is not.
        let bright = color(at, "iw:ih:0:0").iter().any(|level| *level > 60);
        assert_eq!(bright, film == "dark.mp4", "{film}");
    }
}
