//! Whatever a film's picture is like, it comes out upright, square, even and in plain colors.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a failed test should panic, and light is counted in floats"
)]

mod clips;

use std::path::Path;

use clips::{assemble, command, ffmpeg, plan, staged, tools, video_job};
use tokio_util::sync::CancellationToken;
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

/// From light in nits to a signal of 0 to 1.
type Signal = fn(f64) -> f64;

/// SMPTE ST 2084: the signal, 0 to 1, that shows `nits`.
fn pq(nits: f64) -> f64 {
    let (m1, m2) = (2610.0 / 16384.0, 2523.0 / 4096.0 * 128.0);
    let (c1, c2, c3) = (
        3424.0 / 4096.0,
        2413.0 / 4096.0 * 32.0,
        2392.0 / 4096.0 * 32.0,
    );
    let power = (nits / 10_000.0).powf(m1);
    ((c1 + c2 * power) / (1.0 + c3 * power)).powf(m2)
}

/// ITU-R BT.2100: the signal with which a display of 1000 nits shows a grey of `nits`.
fn hlg(nits: f64) -> f64 {
    let scene = (nits / 1000.0).powf(1.0 / 1.2);
    if scene <= 1.0 / 12.0 {
        (3.0 * scene).sqrt()
    } else {
        0.178_832_77 * (12.0 * scene - 0.284_668_92).ln() + 0.559_910_73
    }
}

/// What an ordinary screen of 100 nits is to show for light of `nits`, as red, green and blue of
/// BT.709: Hable's curve over the brightest color up to 1000 nits, and a gamma of 2.4.
fn tone_mapped(nits: [f64; 3]) -> [u8; 3] {
    let curve =
        |x: f64| (x * (x * 0.15 + 0.05) + 0.004) / (x * (x * 0.15 + 0.5) + 0.06) - 0.02 / 0.3;
    let brightest = nits.iter().copied().fold(1e-6, f64::max) / 100.0;
    let scale = curve(brightest) / curve(10.0) / brightest;
    nits.map(|nits| {
        let shown = (nits / 100.0 * scale).clamp(0.0, 1.0).powf(1.0 / 2.4);
        (255.0 * shown).round() as u8
    })
}

/// Ten-bit code values of BT.2100 for light in BT.709's primaries.
fn codes(nits: [f64; 3], signal: Signal) -> [i64; 3] {
    let wide = [
        [0.6274, 0.3293, 0.0433],
        [0.0691, 0.9195, 0.0114],
        [0.0164, 0.0880, 0.8956],
    ];
    let [r, g, b] =
        wide.map(|row| signal(row.iter().zip(nits).map(|(share, nits)| share * nits).sum()));
    let y = 0.2627 * r + 0.6780 * g + 0.0593 * b;
    let code = |zero: f64, span: f64, value: f64| (zero + span * value).round() as i64;
    [
        code(64.0, 876.0, y),
        code(512.0, 896.0, (b - y) / 1.8814),
        code(512.0, 896.0, (r - y) / 1.4746),
    ]
}

/// A film's name, the light of its bands in nits, its signal, that signal's name, and more of its
/// metadata.
type Hdr = (
    &'static str,
    [[f64; 3]; 6],
    Signal,
    &'static str,
    &'static str,
);

#[tokio::test]
async fn high_dynamic_range_is_mapped_as_the_standards_say() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tools = tools(at).await;
    let grey = |nits: f64| [nits; 3];
    let greys = [5.0, 50.0, 100.0, 203.0, 500.0, 1000.0].map(grey);
    let colors = [
        [100.0, 0.0, 0.0],
        [0.0, 100.0, 0.0],
        [0.0, 0.0, 100.0],
        [300.0, 100.0, 20.0],
        [20.0, 400.0, 300.0],
        grey(900.0),
    ];
    // Cameras and editors write any peak; none of it counts.
    let bogus = ":max-cll=65535,65535:master-display=\
                 G(1,1)B(1,1)R(1,1)WP(1,1)L(4000000000,1)";
    let films: [Hdr; 4] = [
        ("pq.mkv", greys, pq, "smpte2084", ""),
        ("peak.mkv", greys, pq, "smpte2084", bogus),
        ("colors.mkv", colors, pq, "smpte2084", ""),
        ("hlg.mkv", greys, hlg, "arib-std-b67", ""),
    ];
    for (name, patches, signal, transfer, metadata) in films {
        let planes = [0, 1, 2].map(|plane| {
            let bands = patches.iter().enumerate();
            let band = bands.map(|(band, nits)| {
                let code = codes(*nits, signal)[plane];
                format!("{code}*eq(floor(X*6/W),{band})")
            });
            band.collect::<Vec<_>>().join("+")
        });
        let [y, cb, cr] = planes;
        ffmpeg(
            at,
            &format!(
                "-f lavfi -i \"color=black:s=360x180:r=25:d=0.4,format=yuv420p10le,\
                 geq=lum='{y}':cb='{cb}':cr='{cr}'\" -c:v libx265 -preset ultrafast -x265-params \
                 lossless=1:log-level=none:colorprim=bt2020:transfer={transfer}:\
                 colormatrix=bt2020nc{metadata} {name}"
            ),
        );
        encode(&tools, at, name).await;
        for (band, nits) in patches.iter().enumerate() {
            let found = color(at, &format!("40:160:{}:10", band * 60 + 10));
            let wanted = tone_mapped(*nits);
            // Up to 22 are a third of a percent of the light: eight bits of colors are no finer.
            let near = |one: u8, other: u8| one.abs_diff(other) < 8 || one.max(other) < 22;
            assert!(
                found
                    .iter()
                    .zip(wanted)
                    .all(|(one, other)| near(*one, other)),
                "{name}: {nits:?} nits are {found:?}, not {wanted:?}"
            );
        }
    }
}

/// Writes into an MP4 of HEVC that its colors are those of Dolby Vision profile 5.
fn as_dolby_vision(film: &Path) {
    let mut record = vec![0, 0, 0, 32];
    record.extend_from_slice(b"dvcC");
    // Version 1.0, profile 5, level 6, with reference processing and base layer, like nothing else.
    record.extend_from_slice(&[1, 0, 0x0A, 0x35]);
    record.resize(32, 0);
    let mut bytes = std::fs::read(film).unwrap();
    let mut at = bytes.windows(4).rposition(|kind| kind == b"moov").unwrap();
    let mut parents = vec![at];
    for name in [b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hvc1"] {
        at += bytes[at..]
            .windows(4)
            .position(|kind| kind == name)
            .unwrap();
        parents.push(at);
    }
    let size = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at - 4..at].try_into().unwrap());
    let end = at - 4 + size(&bytes, at) as usize;
    for parent in parents {
        let grown = size(&bytes, parent) + 32;
        bytes[parent - 4..parent].copy_from_slice(&grown.to_be_bytes());
    }
    bytes.splice(end..end, record);
    std::fs::write(film, bytes).unwrap();
}

#[tokio::test]
async fn colors_that_nobody_can_convert_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tools = tools(at).await;
    ffmpeg(
        at,
        "-f lavfi -i testsrc=s=320x180:r=25:d=1 -c:v libx265 -tag:v hvc1 -pix_fmt yuv420p10le \
         -x265-params log-level=none dolby.mp4",
    );
    let film = at.join("dolby.mp4");
    let cancel = CancellationToken::new();
    assert!(tools.probe(&staged(&film), &cancel).await.is_ok());
    as_dolby_vision(&film);
    let refused = tools.probe(&staged(&film), &cancel).await.unwrap_err();
    assert_eq!(refused.problem_type(), "unsupported-color");
    assert!(refused.to_string().contains("profile 5"), "{refused}");
}
