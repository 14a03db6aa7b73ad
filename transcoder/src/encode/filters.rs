//! The filter graph of a video run: one decode, cut on frame numbers, to every rung.

use media::ladder::{Rung, Size};
use media::probe::{Hdr, Rotation, Scan, VideoStream};
use media::{Plan, Rational};

use super::images::Picture;
use super::span::Start;

/// Which frames of the film a run makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frames {
    /// Its first.
    pub(super) first: u64,
    /// How many.
    pub(super) count: u64,
}

/// Codecs whose frames say themselves whether they are interlaced.
const FLAGGING_CODECS: [&str; 8] = [
    "h264",
    "hevc",
    "mpeg2video",
    "mpeg1video",
    "vc1",
    "wmv3",
    "dvvideo",
    "prores",
];

/// The graph. Its outputs are `[v0]`, `[v1]`… for the rungs and `[p0]`… for the pictures.
pub(super) fn graph(
    plan: &Plan,
    video: &VideoStream,
    stream: u32,
    frames: Frames,
    start: Start,
    rungs: &[&Rung],
    pictures: &[Picture],
) -> String {
    let largest = rungs
        .iter()
        .map(|rung| rung.size)
        .max_by_key(|size| size.pixels());
    let outputs = rungs.len() + pictures.len();
    let labels: Vec<_> = (0..outputs).map(|output| format!("[s{output}]")).collect();
    let common = [
        format!(
            "[0:{stream}]{}{}",
            even_size(video),
            cut(plan, video, frames, start)
        ),
        normal_colors(video, largest),
        format!("split={outputs}{}", labels.concat()),
    ];
    let colors = Colors::of(video);
    let to_rung = |(index, rung): (usize, &&Rung)| {
        let scale = colors.scale(rung.size, "tv");
        format!("[s{index}]{scale},format=yuv420p,setsar=1,{TAGS}[v{index}]")
    };
    let to_picture = |(index, picture): (usize, &Picture)| {
        let input = format!("s{}", rungs.len() + index);
        let scale = colors.scale(picture.size, "pc");
        picture.chains(frames, &scale, &input, index)
    };
    let mut chains = vec![common.concat()];
    chains.extend(rungs.iter().enumerate().map(to_rung));
    chains.extend(pictures.iter().enumerate().map(to_picture));
    chains.join(";")
}

/// What the encoder is to write about colors, whatever the source said.
const TAGS: &str =
    "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709:field_mode=prog";

/// Whether the graph goes on when frames change their size or format midway. Built anew, it would
/// count frames from the start again and lose those it holds. ffmpeg turns pictures before they
/// reach the graph, and what turns them cannot take another size.
pub(super) fn outlives_changes(video: &VideoStream) -> bool {
    video.rotation == Rotation::None
}

/// Every frame in the size that was planned for: nothing is done to those that have it.
fn even_size(video: &VideoStream) -> String {
    if outlives_changes(video) {
        let Size { width, height } = video.coded;
        format!("scale=w={width}:h={height}:flags=bicubic,")
    } else {
        String::new()
    }
}

/// From the decoder's frames to exactly the frames of the run, at constant rate.
fn cut(plan: &Plan, video: &VideoStream, frames: Frames, start: Start) -> String {
    let rate = plan.grid.frame_rate;
    let Frames { first, count } = frames;
    let end = first + count;
    // Source time becomes film time. Above 60 frames a second several source frames share one
    // of ours: moved by half a source frame, none of them lies on the border between two.
    let keep = i64::from(plan.source.keep_every.max(1));
    let frame = rate.frames_to_micros(1).0;
    let zero = plan.origin.0 + (frame - frame / keep) / 2;
    // A film that begins late begins with its first frame held. After a seek, frames that are
    // missing at the start must stay missing, so that the run is seen to be wrong.
    let hold_first = if start == Start::Beginning {
        ":start_time=0"
    } else {
        ""
    };
    // Past the film's end its last frame is held.
    let steady = |rate: Rational| {
        format!(
            "settb=AVTB,setpts=PTS-({zero}),fps=fps={rate}:round=near:eof_action=pass{hold_first},\
             tpad=stop=-1:stop_mode=clone,"
        )
    };
    let own = format!("trim=start_pts={first}:end_pts={end},setpts=PTS-{first},");
    let unit = format!("settb={}/{}", rate.den(), rate.num());
    if let Some(order) = telecine(video.scan) {
        // Five pictures become four frames. All runs cut the film into the same fives, and have
        // one of them as context on each side.
        let (from, to) = ((first / 4).saturating_sub(1), end.div_ceil(4) + 1);
        let pictures = Rational::new(rate.num().saturating_mul(5), rate.den().saturating_mul(4));
        return format!(
            "{}trim=start_pts={}:end_pts={},settb={}/{},\
             fieldmatch=order={order}:combmatch=full,bwdif=mode=send_frame:deint=interlaced,\
             decimate=cycle=5,{unit},{own}",
            steady(pictures.unwrap_or(rate)),
            from * 5,
            to * 5,
            rate.den(),
            u64::from(rate.num()) * 5,
        );
    }
    let deinterlaced = deinterlace(video).map_or(String::new(), |deinterlace| {
        // It looks at the frame before, too. Some versions then count in half frames.
        let context = first.saturating_sub(1);
        format!("trim=start_pts={context}:end_pts={end},{deinterlace},{unit},")
    });
    format!("{}{deinterlaced}{own}", steady(rate))
}

/// The order of the fields over which film was spread.
const fn telecine(scan: Scan) -> Option<&'static str> {
    match scan {
        Scan::TelecineTopFirst => Some("tff"),
        Scan::TelecineBottomFirst => Some("bff"),
        _ => None,
    }
}

fn deinterlace(video: &VideoStream) -> Option<&'static str> {
    match video.scan {
        Scan::TopFieldFirst => Some("bwdif=mode=send_frame:parity=tff:deint=all"),
        Scan::BottomFieldFirst => Some("bwdif=mode=send_frame:parity=bff:deint=all"),
        // Only frames that say so themselves.
        Scan::Unknown if FLAGGING_CODECS.contains(&video.codec.as_str()) => {
            Some("bwdif=mode=send_frame:parity=auto:deint=interlaced")
        }
        Scan::Unknown | Scan::Progressive | Scan::TelecineTopFirst | Scan::TelecineBottomFirst => {
            None
        }
    }
}

/// High dynamic range to BT.709, transparency to black: done once, before the split.
fn normal_colors(video: &VideoStream, largest: Option<Size>) -> String {
    if let Some(hdr) = video.hdr {
        let transfer = match hdr {
            Hdr::Pq => "smpte2084",
            Hdr::Hlg => "arib-std-b67",
        };
        let size = largest.map_or(String::new(), |size| {
            format!("w={}:h={}:", size.width, size.height)
        });
        // The peak is given: that of the metadata is often wrong. 1000 nits over 100.
        return format!(
            "zscale={size}tin={transfer}:pin=bt2020:min=bt2020nc:t=linear:npl=100,\
             format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0:peak=10,\
             zscale=t=bt709:m=bt709:p=bt709:r=limited,format=yuv420p,"
        );
    }
    if has_alpha(&video.pix_fmt) {
        return "format=gbrap,premultiply=inplace=1,format=gbrp,".to_owned();
    }
    String::new()
}

fn has_alpha(pix_fmt: &str) -> bool {
    let prefixes = [
        "yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8", "ayuv",
    ];
    prefixes.iter().any(|prefix| pix_fmt.starts_with(prefix))
}

/// How the source's numbers mean colors.
struct Colors {
    matrix: &'static str,
    range: &'static str,
}

impl Colors {
    fn of(video: &VideoStream) -> Self {
        if video.hdr.is_some() {
            return Self {
                matrix: "bt709",
                range: "tv",
            };
        }
        let matrix = match video.color.space.as_deref() {
            Some("bt709") => "bt709",
            Some("smpte170m" | "bt470bg") => "smpte170m",
            Some("smpte240m") => "smpte240m",
            Some("fcc") => "fcc",
            Some("bt2020nc" | "bt2020c") => "bt2020",
            // What is not said is meant as televisions of that size have always meant it.
            _ if video.coded.height >= 720 || video.coded.width >= 1280 => "bt709",
            _ => "smpte170m",
        };
        Self {
            matrix,
            range: if video.full_range { "pc" } else { "tv" },
        }
    }

    fn scale(&self, size: Size, out_range: &str) -> String {
        let Size { width, height } = size;
        let Self { matrix, range } = self;
        // JPEG is BT.601 by definition.
        let out_matrix = if out_range == "pc" {
            "smpte170m"
        } else {
            "bt709"
        };
        format!(
            "scale=w={width}:h={height}:flags=bicubic:in_color_matrix={matrix}:in_range={range}:\
             out_color_matrix={out_matrix}:out_range={out_range}"
        )
    }
}
