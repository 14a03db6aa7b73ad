//! What a source is, read from `ffprobe -show_format -show_streams -show_chapters -of json`.

mod error;
mod fields;
mod pick;
mod raw;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use error::ProbeError;
pub use fields::FieldCounts;

use crate::ladder::Size;
use crate::rate::Rational;
use crate::time::Micros;

/// What a source may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Pixels of a coded picture.
    pub pixels: u64,
    /// Longest side of a coded picture.
    pub side: u32,
    /// Longest film.
    pub duration: Micros,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels: 8192 * 4320,
            side: 16_384,
            duration: Micros::from_secs(48 * 3600),
        }
    }
}

/// A film as it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `ffprobe`'s format name, `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Start of the container's earliest stream.
    pub start_time: Micros,
    /// Length of the container's longest stream.
    pub duration: Micros,
    /// The film's picture; never cover art.
    pub video: Option<VideoStream>,
    /// Tracks that can be decoded, in the file's order; the first is the default.
    pub audio: Vec<AudioStream>,
    /// Stream index of the cover art.
    pub attached_pic: Option<u32>,
    /// Subtitle tracks.
    pub subtitles: Vec<SubtitleStream>,
    /// Chapters in order.
    pub chapters: Vec<Chapter>,
    /// End of the last video frame as a look at the file's tail found it, in source time. Set it
    /// where the container has no frame count.
    pub last_video_end: Option<Micros>,
}

/// The picture's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoStream {
    /// Index in the source (`-map 0:INDEX`).
    pub index: u32,
    /// Codec name, `h264`.
    pub codec: String,
    /// The coded picture, before sample aspect ratio and rotation.
    pub coded: Size,
    /// The picture as it is to be shown: square pixels, upright, even sides.
    pub displayed: Size,
    /// How the decoded picture must be turned to stand upright.
    pub rotation: Rotation,
    /// Sample aspect ratio; one when within 1 % of it.
    pub sar: Rational,
    /// `r_frame_rate`.
    pub base_rate: Option<Rational>,
    /// `avg_frame_rate`.
    pub average_rate: Option<Rational>,
    /// Frames have all the same duration, and count and length agree.
    pub constant_rate: bool,
    /// Frames the container counts.
    pub frames: Option<u64>,
    /// First frame's time in source time.
    pub start_time: Micros,
    /// The stream's length where the container tells it.
    pub duration: Option<Micros>,
    /// Whether fields must be woven.
    pub scan: Scan,
    /// Pixel format, `yuv420p10le`.
    pub pix_fmt: String,
    /// Full range (`pc`) rather than limited.
    pub full_range: bool,
    /// High dynamic range, which must be tone-mapped.
    pub hdr: Option<Hdr>,
    /// Color space, primaries and transfer as `ffprobe` names them, where it does.
    pub color: Color,
    /// Dolby Vision profile where there is such metadata.
    pub dolby_vision_profile: Option<u8>,
}

impl VideoStream {
    /// Takes over when the first pictures are `shown`. Muxers that move all pictures but the first,
    /// to make room for the sound's priming, show that one too early and too long: the film then
    /// starts one frame before its second picture.
    pub fn settle_start(&mut self, shown: &[Micros]) {
        let Some(first) = shown.first() else {
            return;
        };
        self.start_time = *first;
        let (Some(rate), Some(&[second, third])) = (self.base_rate, shown.get(1..3)) else {
            return;
        };
        let frame = rate.frames_to_micros(1);
        let steady = (third - second - frame).0.abs() * 20 <= frame.0;
        let early = second - frame - *first;
        if steady && early.0 * 4 > frame.0 && early.0 < frame.0 * 2 {
            let slots = rate.micros_to_frames_round(early);
            self.start_time = second - frame;
            self.duration = self.duration.map(|duration| duration - early);
            self.frames = self
                .frames
                .map(|frames| frames.saturating_sub(slots).max(1));
        }
    }
}

/// Color description as `ffprobe` names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Color {
    /// Matrix, `bt709`.
    pub space: Option<String>,
    /// Primaries.
    pub primaries: Option<String>,
    /// Transfer characteristics.
    pub transfer: Option<String>,
}

/// Clockwise turn that makes the decoded picture upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// None.
    #[default]
    None,
    /// A quarter turn clockwise.
    Clockwise90,
    /// Upside down.
    Half,
    /// A quarter turn counter-clockwise.
    CounterClockwise90,
}

/// How a picture's lines were scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// Whole frames.
    Progressive,
    /// The file does not say.
    Unknown,
    /// Two fields, top field shown first.
    TopFieldFirst,
    /// Two fields, bottom field shown first.
    BottomFieldFirst,
    /// Film of 24000/1001 frames a second spread over fields by 3:2 pulldown, top field first.
    TelecineTopFirst,
    /// The same, bottom field first.
    TelecineBottomFirst,
}

impl Scan {
    /// Whether four frames of film are spread over five pictures.
    pub const fn is_telecine(self) -> bool {
        matches!(self, Self::TelecineTopFirst | Self::TelecineBottomFirst)
    }
}

/// A transfer of high dynamic range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hdr {
    /// SMPTE ST 2084, as in HDR10.
    Pq,
    /// ARIB STD-B67.
    Hlg,
}

/// A sound track that can be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioStream {
    /// Index in the source (`-map 0:INDEX`).
    pub index: u32,
    /// Codec name.
    pub codec: String,
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// ISO 639 language; `None` for `und`.
    pub language: Option<String>,
    /// Title tag.
    pub title: Option<String>,
    /// First sample's time in source time.
    pub start_time: Micros,
    /// The stream's length where the container tells it.
    pub duration: Option<Micros>,
}

/// A subtitle track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtitleStream {
    /// Index in the source.
    pub index: u32,
    /// Codec name.
    pub codec: String,
    /// Text, which can become WebVTT; otherwise pictures.
    pub text: bool,
    /// ISO 639 language.
    pub language: Option<String>,
    /// Title tag.
    pub title: Option<String>,
}

/// A chapter, in source time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Where it starts.
    pub start: Micros,
    /// Where it ends.
    pub end: Micros,
    /// Its title, empty when it has none.
    pub title: String,
}

impl Source {
    /// Ends streams where the file does, which its index knows nothing of: `lost` are streams by
    /// index, with the time from which on they cannot be shown. Whether anything is left of the
    /// film.
    pub fn end_early(&mut self, lost: &[(u32, Micros)]) -> bool {
        let from = |index: u32| {
            let of_stream = lost.iter().find(|(stream, _)| *stream == index);
            of_stream.map(|(_, from)| *from)
        };
        let mut ends = Vec::new();
        if let Some(video) = &mut self.video {
            if let Some(end) = from(video.index) {
                video.frames = None;
                video.duration = Some((end - video.start_time).max(Micros::ZERO));
                self.last_video_end = Some(end);
            }
            ends.push(video.duration.map(|length| video.start_time + length));
        }
        for audio in &mut self.audio {
            if let Some(end) = from(audio.index) {
                audio.duration = Some((end - audio.start_time).max(Micros::ZERO));
            }
            ends.push(audio.duration.map(|length| audio.start_time + length));
        }
        if !lost.is_empty()
            && let Some(end) = ends.into_iter().flatten().max()
        {
            self.duration = self.duration.min(end - self.start_time);
        }
        let shows = |video: &VideoStream| video.duration != Some(Micros::ZERO);
        self.duration > Micros::ZERO && self.video.as_ref().is_none_or(shows)
    }

    /// Reads `ffprobe`'s JSON and judges whether this can become a film.
    pub fn from_ffprobe(json: &[u8], limits: &Limits) -> Result<Self, ProbeError> {
        pick::source(&raw::Probe::parse(json)?, limits)
    }
}
