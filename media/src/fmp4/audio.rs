//! Writing AAC tracks.

use super::samples::{Sample, write_segment};
use super::write::{INIT_BRANDS, brands, full_box, mp4_box, put_u16, put_u32, put_zeros};
use super::{AudioConfig, BoxError};
use crate::grid::AAC_FRAME;

/// A sample that depends on no other.
const SYNC_FLAGS: u32 = 0x0200_0000;
const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// `und`, packed.
const LANGUAGE_UNDETERMINED: u16 = 0x55C4;

/// `init.mp4` of an AAC track.
pub fn audio_init(config: AudioConfig, bitrate_kbps: u32) -> Result<Vec<u8>, BoxError> {
    let specific = config
        .specific()
        .ok_or(BoxError::Invalid("AAC configuration"))?;
    let rate = u16::try_from(config.sample_rate)
        .ok()
        .ok_or(BoxError::Invalid("sample rate"))?;
    let mut out = Vec::with_capacity(800);
    brands(&mut out, *b"ftyp", &INIT_BRANDS);
    mp4_box(&mut out, *b"moov", |out| {
        full_box(out, *b"mvhd", 0, 0, |out| {
            put_zeros(out, 8);
            put_u32(out, config.sample_rate);
            put_u32(out, 0);
            put_u32(out, 0x1_0000);
            put_u16(out, 0x100);
            put_zeros(out, 10);
            put_matrix(out);
            put_zeros(out, 24);
            put_u32(out, 2);
        });
        mp4_box(out, *b"trak", |out| {
            write_tkhd(out);
            mp4_box(out, *b"mdia", |out| {
                full_box(out, *b"mdhd", 0, 0, |out| {
                    put_zeros(out, 8);
                    put_u32(out, config.sample_rate);
                    put_u32(out, 0);
                    put_u16(out, LANGUAGE_UNDETERMINED);
                    put_u16(out, 0);
                });
                full_box(out, *b"hdlr", 0, 0, |out| {
                    put_zeros(out, 4);
                    out.extend_from_slice(b"soun");
                    put_zeros(out, 12);
                    out.extend_from_slice(b"Sound\0");
                });
                mp4_box(out, *b"minf", |out| {
                    full_box(out, *b"smhd", 0, 0, |out| put_zeros(out, 4));
                    write_dinf(out);
                    write_stbl(out, config, rate, specific, bitrate_kbps);
                });
            });
        });
        mp4_box(out, *b"mvex", |out| {
            full_box(out, *b"trex", 0, 0, |out| {
                put_u32(out, 1);
                put_u32(out, 1);
                put_u32(out, AAC_FRAME);
                put_u32(out, 0);
                put_u32(out, SYNC_FLAGS);
            });
        });
    });
    Ok(out)
}

fn put_matrix(out: &mut Vec<u8>) {
    for word in UNITY_MATRIX {
        put_u32(out, word);
    }
}

fn write_tkhd(out: &mut Vec<u8>) {
    // Flags: enabled, in the movie.
    full_box(out, *b"tkhd", 0, 3, |out| {
        put_zeros(out, 8);
        put_u32(out, 1);
        put_zeros(out, 16);
        put_u16(out, 0);
        put_u16(out, 1);
        put_u16(out, 0x100);
        put_u16(out, 0);
        put_matrix(out);
        put_zeros(out, 8);
    });
}

fn write_dinf(out: &mut Vec<u8>) {
    mp4_box(out, *b"dinf", |out| {
        full_box(out, *b"dref", 0, 0, |out| {
            put_u32(out, 1);
            // Flags: the media is in this file.
            full_box(out, *b"url ", 0, 1, |_| {});
        });
    });
}

fn write_stbl(
    out: &mut Vec<u8>,
    config: AudioConfig,
    rate: u16,
    specific: [u8; 2],
    bitrate_kbps: u32,
) {
    mp4_box(out, *b"stbl", |out| {
        full_box(out, *b"stsd", 0, 0, |out| {
            put_u32(out, 1);
            mp4_box(out, *b"mp4a", |out| {
                put_zeros(out, 6);
                put_u16(out, 1);
                put_zeros(out, 8);
                put_u16(out, u16::try_from(config.channels).unwrap_or(2));
                put_u16(out, 16);
                put_zeros(out, 4);
                put_u16(out, rate);
                put_u16(out, 0);
                write_esds(out, specific, bitrate_kbps.saturating_mul(1000));
            });
        });
        full_box(out, *b"stts", 0, 0, |out| put_u32(out, 0));
        full_box(out, *b"stsc", 0, 0, |out| put_u32(out, 0));
        full_box(out, *b"stsz", 0, 0, |out| put_zeros(out, 8));
        full_box(out, *b"stco", 0, 0, |out| put_u32(out, 0));
    });
}

/// Descriptors within one another; all are short, so each length is one byte.
fn write_esds(out: &mut Vec<u8>, specific: [u8; 2], bits_per_second: u32) {
    full_box(out, *b"esds", 0, 0, |out| {
        let (decoder_specific, decoder, stream) = (2, 13 + 2 + 2, 3 + 2 + 13 + 2 + 2 + 2 + 1);
        out.extend_from_slice(&[3, stream]);
        put_u16(out, 0);
        out.push(0);
        // MPEG-4 audio, an audio stream, and the reserved bit.
        out.extend_from_slice(&[4, decoder, 0x40, 0x15, 0, 0, 0]);
        put_u32(out, bits_per_second);
        put_u32(out, bits_per_second);
        out.extend_from_slice(&[5, decoder_specific]);
        out.extend_from_slice(&specific);
        out.extend_from_slice(&[6, 1, 2]);
    });
}

/// A segment of raw AAC frames whose first is frame `first_frame` of the track.
pub fn audio_segment(
    sequence_number: u32,
    first_frame: u64,
    frames: &[&[u8]],
) -> Result<Vec<u8>, BoxError> {
    let samples = frames
        .iter()
        .map(|frame| {
            let size = u32::try_from(frame.len())
                .ok()
                .ok_or(BoxError::Invalid("AAC frame"))?;
            Ok(Sample {
                duration: AAC_FRAME,
                size,
                flags: SYNC_FLAGS,
                composition: 0,
            })
        })
        .collect::<Result<Vec<_>, BoxError>>()?;
    let start = first_frame.saturating_mul(u64::from(AAC_FRAME));
    write_segment(sequence_number, start, 0, &samples, frames)
}
