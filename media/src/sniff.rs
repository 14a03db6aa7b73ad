//! What a file's first bytes say it is: content decides, not the name.
//!
//! Only formats that carry their media inside themselves are known here. Playlists, scripts and
//! anything that names other files has no place in the list, so it cannot be forced by mistake.

use serde::{Deserialize, Serialize};

/// A demuxer that may be forced on a stranger's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demuxer {
    /// MP4, MOV, M4A, 3GP.
    Mov,
    /// Matroska and `WebM`.
    Matroska,
    /// AVI.
    Avi,
    /// MPEG transport stream.
    MpegTs,
    /// MPEG program stream.
    MpegPs,
    /// Flash video.
    Flv,
    /// Windows media.
    Asf,
    /// Ogg.
    Ogg,
    /// MXF.
    Mxf,
    /// Animated GIF.
    Gif,
    /// WAV.
    Wav,
    /// FLAC.
    Flac,
    /// MP3, with or without an ID3 tag.
    Mp3,
    /// AAC in ADTS.
    Aac,
}

impl Demuxer {
    /// The name `ffmpeg -f` takes.
    pub const fn ffmpeg_name(self) -> &'static str {
        match self {
            Self::Mov => "mov",
            Self::Matroska => "matroska",
            Self::Avi => "avi",
            Self::MpegTs => "mpegts",
            Self::MpegPs => "mpeg",
            Self::Flv => "flv",
            Self::Asf => "asf",
            Self::Ogg => "ogg",
            Self::Mxf => "mxf",
            Self::Gif => "gif",
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
        }
    }
}

/// How many bytes of a file's start [`demuxer`] wants to see.
pub const HEAD_BYTES: usize = 4096;

/// The demuxer for a file that starts with `head`; `None` when it is no medium we know.
pub fn demuxer(head: &[u8]) -> Option<Demuxer> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    let four_cc = head.get(4..8).unwrap_or_default();
    let found = match four_cc {
        b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot" => Some(Demuxer::Mov),
        _ => None,
    };
    let riff = |kind: &[u8]| at(0, b"RIFF") && at(8, kind);
    found
        .or_else(|| at(0, &[0x1A, 0x45, 0xDF, 0xA3]).then_some(Demuxer::Matroska))
        .or_else(|| riff(b"AVI ").then_some(Demuxer::Avi))
        .or_else(|| (riff(b"WAVE") || (at(0, b"RF64") && at(8, b"WAVE"))).then_some(Demuxer::Wav))
        .or_else(|| at(0, b"FLV\x01").then_some(Demuxer::Flv))
        .or_else(|| {
            at(0, &[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]).then_some(Demuxer::Asf)
        })
        .or_else(|| at(0, b"OggS").then_some(Demuxer::Ogg))
        .or_else(|| at(0, &[0x06, 0x0E, 0x2B, 0x34]).then_some(Demuxer::Mxf))
        .or_else(|| (at(0, b"GIF87a") || at(0, b"GIF89a")).then_some(Demuxer::Gif))
        .or_else(|| at(0, b"fLaC").then_some(Demuxer::Flac))
        .or_else(|| at(0, &[0, 0, 1, 0xBA]).then_some(Demuxer::MpegPs))
        .or_else(|| is_transport_stream(head).then_some(Demuxer::MpegTs))
        .or_else(|| mpeg_audio(head))
}

/// Sync bytes 188 (or 192 with time codes) bytes apart.
fn is_transport_stream(head: &[u8]) -> bool {
    let synced = |start: usize, step: usize| {
        (0..4).all(|packet| head.get(start + packet * step) == Some(&0x47))
    };
    synced(0, 188) || synced(4, 192)
}

fn mpeg_audio(head: &[u8]) -> Option<Demuxer> {
    if head.starts_with(b"ID3") {
        return Some(Demuxer::Mp3);
    }
    let [first, second, ..] = head else {
        return None;
    };
    if *first != 0xFF || second & 0xE0 != 0xE0 {
        return None;
    }
    // Layer 0 is what ADTS writes; version 1 and bit-rate index 15 are reserved in MPEG audio.
    match (second >> 1) & 3 {
        0 if second & 0xF0 == 0xF0 => Some(Demuxer::Aac),
        1..=3 if (second >> 3) & 3 != 1 => Some(Demuxer::Mp3),
        _ => None,
    }
}
