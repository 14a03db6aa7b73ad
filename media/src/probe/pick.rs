//! From `ffprobe`'s report to the film: which streams count and how the picture is shown.

use std::collections::BTreeSet;

use super::raw::{self, Probe, Scalar, Stream};
use super::{
    AudioStream, Chapter, Color, Hdr, Limits, ProbeError, Rotation, Scan, Source, SubtitleStream,
    VideoStream,
};
use crate::ladder::Size;
use crate::rate::{self, Rational};
use crate::time::Micros;

/// Codecs that `ffprobe` names but `ffmpeg` cannot decode.
const UNDECODABLE: [&str; 5] = ["ac4", "apac", "mpegh_3d_audio", "lcevc", "iamf"];
/// A film shown in pictures that stand still is no film.
const STILL_FORMATS: [&str; 6] = [
    "image2",
    "image2pipe",
    "png_pipe",
    "jpeg_pipe",
    "webp_pipe",
    "svg_pipe",
];
const TEXT_SUBTITLES: [&str; 6] = ["subrip", "ass", "ssa", "mov_text", "webvtt", "text"];

pub(super) fn source(probe: &Probe, limits: &Limits) -> Result<Source, ProbeError> {
    let format = probe.format.as_ref().ok_or(ProbeError::NotMedia)?;
    let container = format.name.text().ok_or(ProbeError::NotMedia)?.to_owned();
    if STILL_FORMATS.contains(&container.as_str()) || container.ends_with("_pipe") {
        return Err(ProbeError::NoTrack);
    }
    let attached_pic = probe
        .streams
        .iter()
        .find(|stream| is_cover(stream))
        .map(|s| s.index);
    let video = first_video(probe)
        .map(|stream| video_stream(stream, limits))
        .transpose()?;
    let audio: Vec<_> = probe.streams.iter().filter_map(audio_stream).collect();
    if video.is_none() && audio.is_empty() {
        return Err(nothing_to_play(probe));
    }
    let start_time = seconds(&format.start_time).unwrap_or_default();
    let longest = video
        .iter()
        .filter_map(|v| v.duration)
        .chain(audio.iter().filter_map(|a| a.duration))
        .max();
    let duration = seconds(&format.duration)
        .filter(|d| *d > Micros::ZERO)
        .or(longest);
    let duration = duration
        .filter(|d| *d > Micros::ZERO)
        .ok_or(ProbeError::NoDuration)?;
    if duration > limits.duration {
        let hours = |span: Micros| span.0 / 3_600_000_000;
        return Err(ProbeError::TooLong {
            hours: hours(duration),
            max_hours: hours(limits.duration),
        });
    }
    Ok(Source {
        container,
        start_time,
        duration,
        video,
        audio,
        attached_pic,
        subtitles: probe.streams.iter().filter_map(subtitle_stream).collect(),
        chapters: probe.chapters.iter().filter_map(chapter).collect(),
        last_video_end: None,
    })
}

fn is_cover(stream: &Stream) -> bool {
    stream.is("video")
        && (stream.disposition("attached_pic") || stream.disposition("timed_thumbnails"))
}

fn decodable(stream: &Stream) -> bool {
    stream
        .codec_name
        .text()
        .is_some_and(|codec| !UNDECODABLE.contains(&codec))
}

fn first_video(probe: &Probe) -> Option<&Stream> {
    let usable = |stream: &&Stream| {
        stream.is("video") && !is_cover(stream) && decodable(stream) && coded_size(stream).is_some()
    };
    let mut candidates = probe.streams.iter().filter(usable);
    let first = candidates.next()?;
    if first.disposition("default") {
        return Some(first);
    }
    Some(
        candidates
            .find(|stream| stream.disposition("default"))
            .unwrap_or(first),
    )
}

fn nothing_to_play(probe: &Probe) -> ProbeError {
    // Each once and not too many: there may be a thousand tracks.
    let codecs: BTreeSet<_> = probe
        .streams
        .iter()
        .filter(|stream| (stream.is("video") && !is_cover(stream)) || stream.is("audio"))
        .filter_map(|s| s.codec_name.text().or_else(|| s.codec_tag_string.text()))
        .map(|name| {
            name.chars()
                .filter(char::is_ascii_graphic)
                .take(20)
                .collect::<String>()
        })
        .collect();
    if codecs.is_empty() {
        return ProbeError::NoTrack;
    }
    ProbeError::Undecodable {
        codecs: codecs.into_iter().take(8).collect::<Vec<_>>().join(", "),
    }
}

fn seconds(scalar: &Scalar) -> Option<Micros> {
    Micros::parse_seconds(scalar.text()?)
}

fn coded_size(stream: &Stream) -> Option<Size> {
    let side = |scalar: &Scalar| scalar.parse::<u32>().filter(|side| *side > 0);
    Some(Size {
        width: side(&stream.width)?,
        height: side(&stream.height)?,
    })
}

fn video_stream(stream: &Stream, limits: &Limits) -> Result<VideoStream, ProbeError> {
    let coded = coded_size(stream).ok_or(ProbeError::NoTrack)?;
    let too_large =
        |size: Size| size.pixels() > limits.pixels || size.width.max(size.height) > limits.side;
    let sar = aspect(stream);
    let rotation = rotation(stream);
    let displayed = displayed(coded, sar, rotation);
    if too_large(coded) || too_large(displayed) {
        return Err(ProbeError::TooLarge {
            width: coded.width,
            height: coded.height,
            max_pixels: limits.pixels,
        });
    }
    let dolby_vision_profile = stream
        .side_data_list
        .iter()
        .find_map(|side| side.dv_profile.parse());
    if dolby_vision_profile == Some(5) {
        return Err(ProbeError::DolbyVision);
    }
    let base_rate = stream.r_frame_rate.parse::<Rational>();
    let average_rate = stream.avg_frame_rate.parse::<Rational>();
    let frames = stream.nb_frames.parse::<u64>().filter(|frames| *frames > 0);
    let duration = stream_duration(stream);
    let text = |scalar: &Scalar| scalar.text().map(str::to_owned);
    Ok(VideoStream {
        index: stream.index,
        codec: text(&stream.codec_name).unwrap_or_default(),
        coded,
        displayed,
        rotation,
        sar,
        base_rate,
        average_rate,
        constant_rate: constant_rate(base_rate, average_rate, frames, duration),
        frames,
        start_time: seconds(&stream.start_time).unwrap_or_default(),
        duration,
        scan: scan(stream),
        pix_fmt: text(&stream.pix_fmt).unwrap_or_default(),
        full_range: stream.color_range.text() == Some("pc"),
        hdr: match stream.color_transfer.text() {
            Some("smpte2084") => Some(Hdr::Pq),
            Some("arib-std-b67") => Some(Hdr::Hlg),
            _ => None,
        },
        color: Color {
            space: text(&stream.color_space),
            primaries: text(&stream.color_primaries),
            transfer: text(&stream.color_transfer),
        },
        dolby_vision_profile,
    })
}

/// The two rates agree, and so do frame count and length where both are told.
fn constant_rate(
    base: Option<Rational>,
    average: Option<Rational>,
    frames: Option<u64>,
    duration: Option<Micros>,
) -> bool {
    let (Some(base), Some(average)) = (base, average) else {
        return false;
    };
    let counted = match (frames, duration) {
        (Some(frames), Some(duration)) => {
            base.micros_to_frames_round(duration).abs_diff(frames) <= 2
        }
        _ => true,
    };
    counted && rate::is_constant(base, average)
}

/// The stream's length: its own field, or Matroska's tag (which counts from the file's zero).
fn stream_duration(stream: &Stream) -> Option<Micros> {
    let positive = |span: &Micros| *span > Micros::ZERO;
    seconds(&stream.duration).filter(positive).or_else(|| {
        let end = Micros::parse_clock(stream.tag("DURATION")?)?;
        Some(end - seconds(&stream.start_time).unwrap_or_default()).filter(positive)
    })
}

/// The sample aspect ratio; one when within 1 % of it, or absurd.
fn aspect(stream: &Stream) -> Rational {
    let Some(sar) = stream.sample_aspect_ratio.parse::<Rational>() else {
        return Rational::ONE;
    };
    let (num, den) = (u64::from(sar.num()), u64::from(sar.den()));
    let nearly_square = num.abs_diff(den) * 100 <= den;
    let absurd = num > den * 10 || den > num * 10;
    if nearly_square || absurd {
        Rational::ONE
    } else {
        sar
    }
}

/// `ffprobe` gives the turn of the matrix counter-clockwise; the old tag gives it clockwise.
fn rotation(stream: &Stream) -> Rotation {
    let matrix = stream
        .side_data_list
        .iter()
        .find_map(|side| side.rotation.parse::<f64>())
        .map(|degrees| -degrees);
    let degrees = matrix
        .or_else(|| stream.tag("rotate")?.parse::<f64>().ok())
        .unwrap_or(0.0);
    let near = |turn: f64| (degrees.rem_euclid(360.0) - turn).abs() < 45.0;
    if near(90.0) {
        Rotation::Clockwise90
    } else if near(180.0) {
        Rotation::Half
    } else if near(270.0) {
        Rotation::CounterClockwise90
    } else {
        Rotation::None
    }
}

/// Square pixels, upright, even. A picture is widened or heightened, never shrunk.
fn displayed(coded: Size, sar: Rational, rotation: Rotation) -> Size {
    let stretch = |side: u32, by: u32, of: u32| {
        let scaled = (2 * u64::from(side) * u64::from(by) + u64::from(of)) / (2 * u64::from(of));
        u32::try_from(scaled).unwrap_or(u32::MAX)
    };
    let square = if sar > Rational::ONE {
        Size {
            width: stretch(coded.width, sar.num(), sar.den()),
            height: coded.height,
        }
    } else {
        Size {
            width: coded.width,
            height: stretch(coded.height, sar.den(), sar.num()),
        }
    };
    let upright = match rotation {
        Rotation::None | Rotation::Half => square,
        Rotation::Clockwise90 | Rotation::CounterClockwise90 => Size {
            width: square.height,
            height: square.width,
        },
    };
    upright.even()
}

fn scan(stream: &Stream) -> Scan {
    // `tb` is coded top first but shown bottom first: the second letter counts.
    match stream.field_order.text() {
        Some("progressive") => Scan::Progressive,
        Some("tt" | "bt") => Scan::TopFieldFirst,
        Some("bb" | "tb") => Scan::BottomFieldFirst,
        _ => Scan::Unknown,
    }
}

fn audio_stream(stream: &Stream) -> Option<AudioStream> {
    let sample_rate = stream.sample_rate.parse::<u32>().filter(|rate| *rate > 0)?;
    let channels = stream.channels.parse::<u32>().filter(|count| *count > 0)?;
    // Without a decoder there is no sample format.
    stream.sample_fmt.text()?;
    if !stream.is("audio") || !decodable(stream) {
        return None;
    }
    Some(AudioStream {
        index: stream.index,
        codec: stream.codec_name.text()?.to_owned(),
        sample_rate,
        channels,
        language: language(stream),
        title: stream.tag("title").map(clean),
        start_time: seconds(&stream.start_time).unwrap_or_default(),
        duration: stream_duration(stream),
    })
}

fn subtitle_stream(stream: &Stream) -> Option<SubtitleStream> {
    if !stream.is("subtitle") {
        return None;
    }
    let codec = stream.codec_name.text()?;
    Some(SubtitleStream {
        index: stream.index,
        codec: codec.to_owned(),
        text: TEXT_SUBTITLES.contains(&codec),
        language: language(stream),
        title: stream.tag("title").map(clean),
    })
}

/// A language tag that may stand in a manifest, or none.
fn language(stream: &Stream) -> Option<String> {
    let tag = stream.tag("language")?.to_ascii_lowercase();
    let legal = tag.len() <= 35
        && tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    (legal && tag != "und").then_some(tag)
}

/// One line of printable text of bounded length.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn chapter(chapter: &raw::RawChapter) -> Option<Chapter> {
    let start = seconds(&chapter.start_time)?;
    let end = seconds(&chapter.end_time)?;
    let title = raw::find_tag(&chapter.tags, "title")
        .map(clean)
        .unwrap_or_default();
    (end > start).then_some(Chapter { start, end, title })
}
