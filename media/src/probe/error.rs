//! Why a source cannot become a film.

/// Why a source was refused. The text is for the person who uploaded it.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The report is no JSON of `ffprobe`'s.
    #[error("the report about this file could not be read; upload the file again")]
    Report(#[source] serde_json::Error),
    /// No format was found.
    #[error(
        "this file is not a video or sound file that can be read; export it as MP4 and upload that"
    )]
    NotMedia,
    /// A still picture, a subtitle or the like.
    #[error("this file has no moving picture and no sound; upload a video or a sound file")]
    NoTrack,
    /// There are tracks, but none has a decoder.
    #[error(
        "no track of this file can be decoded (found: {codecs}); export it with H.264 picture and AAC sound and upload that"
    )]
    Undecodable {
        /// The codecs found.
        codecs: String,
    },
    /// The picture exceeds the limit.
    #[error(
        "the picture is {width}×{height} pixels, more than the {max_pixels} pixels that are allowed; export it smaller and upload that"
    )]
    TooLarge {
        /// Coded width.
        width: u32,
        /// Coded height.
        height: u32,
        /// Pixels allowed.
        max_pixels: u64,
    },
    /// Nothing to play.
    #[error(
        "this file has no length: it is empty or was cut off while recording; upload a complete file"
    )]
    NoDuration,
    /// Longer than allowed.
    #[error(
        "the film lasts {hours} hours, more than the {max_hours} that are allowed; upload it in parts"
    )]
    TooLong {
        /// Whole hours.
        hours: i64,
        /// Whole hours allowed.
        max_hours: i64,
    },
    /// Colors that cannot be converted.
    #[error(
        "this Dolby Vision film (profile 5) has no colors that other players can show; export it as HDR10 or standard range and upload that"
    )]
    DolbyVision,
}

impl ProbeError {
    /// A stable identifier for problem documents.
    pub const fn problem_type(&self) -> &'static str {
        match self {
            Self::Report(_) => "unreadable-report",
            Self::NotMedia => "not-a-video",
            Self::NoTrack => "no-track",
            Self::Undecodable { .. } => "no-decodable-track",
            Self::TooLarge { .. } => "picture-too-large",
            Self::NoDuration => "no-duration",
            Self::TooLong { .. } => "too-long",
            Self::DolbyVision => "unsupported-color",
        }
    }

    /// A few words for a heading.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Report(_) => "The file could not be examined",
            Self::NotMedia => "Not a video",
            Self::NoTrack => "Nothing to play",
            Self::Undecodable { .. } => "No track can be decoded",
            Self::TooLarge { .. } => "The picture is too large",
            Self::NoDuration => "The file has no length",
            Self::TooLong { .. } => "The film is too long",
            Self::DolbyVision => "These colors cannot be converted",
        }
    }
}
