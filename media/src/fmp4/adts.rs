//! AAC as encoders stream it (ADTS), and how MP4 describes it (`esds`).

use super::BoxError;
use super::read::Reader;

const SAMPLE_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];
/// AAC-LC.
const OBJECT_TYPE_LC: u8 = 2;

/// How an AAC-LC track is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioConfig {
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
}

impl AudioConfig {
    /// AAC-LC's two bytes of `AudioSpecificConfig`; `None` for a rate or a channel count that it
    /// has no number for.
    pub(super) fn specific(self) -> Option<[u8; 2]> {
        let index = SAMPLE_RATES
            .iter()
            .position(|rate| *rate == self.sample_rate)?;
        let index = u16::try_from(index).ok()?;
        let channels: u16 = match self.channels {
            count @ 1..=6 => u16::try_from(count).ok()?,
            8 => 7,
            _ => return None,
        };
        Some(((u16::from(OBJECT_TYPE_LC) << 11) | (index << 7) | (channels << 3)).to_be_bytes())
    }
}

const fn channel_count(configuration: u8) -> Option<u32> {
    match configuration {
        1 => Some(1),
        2 => Some(2),
        3 => Some(3),
        4 => Some(4),
        5 => Some(5),
        6 => Some(6),
        7 => Some(8),
        _ => None,
    }
}

/// An ADTS stream taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adts<'a> {
    /// What all its frames share.
    pub config: AudioConfig,
    /// The raw AAC frames, without their headers.
    pub frames: Vec<&'a [u8]>,
}

impl<'a> Adts<'a> {
    /// Takes a whole stream apart.
    pub fn parse(stream: &'a [u8]) -> Result<Self, BoxError> {
        let mut reader = Reader::new(stream, "an AAC frame");
        let mut config = None;
        let mut frames = Vec::new();
        while !reader.rest().is_empty() {
            let (found, frame) = read_frame(&mut reader)?;
            if config.is_some_and(|config| config != found) {
                return Err(BoxError::Invalid("AAC: the format changes midway"));
            }
            config = Some(found);
            frames.push(frame);
        }
        let config = config.ok_or(BoxError::Missing("AAC frames"))?;
        Ok(Self { config, frames })
    }
}

fn read_frame<'a>(reader: &mut Reader<'a>) -> Result<(AudioConfig, &'a [u8]), BoxError> {
    let word = reader.u32()?;
    let tail = u32::from(reader.u16()?) << 8 | u32::from(reader.u8()?);
    // Sync word, and layer 0.
    if word >> 20 != 0xFFF || (word >> 17) & 3 != 0 {
        return Err(BoxError::Invalid("AAC: sync word"));
    }
    let field = |shift: u32, mask: u32| (word >> shift) & mask;
    if field(14, 3) + 1 != u32::from(OBJECT_TYPE_LC) {
        return Err(BoxError::Invalid("AAC: profile"));
    }
    let rate = usize::try_from(field(10, 15))
        .ok()
        .and_then(|index| SAMPLE_RATES.get(index));
    let sample_rate = *rate.ok_or(BoxError::Invalid("AAC: sample rate"))?;
    let channels = u8::try_from(field(6, 7)).ok().and_then(channel_count);
    let channels = channels.ok_or(BoxError::Invalid("AAC: channels"))?;
    if tail & 3 != 0 {
        return Err(BoxError::Invalid("AAC: several blocks in a frame"));
    }
    let length = ((word & 3) << 11) | (tail >> 13);
    let has_checksum = field(16, 1) == 0;
    let header = if has_checksum { 9 } else { 7 };
    let payload = usize::try_from(length)
        .ok()
        .and_then(|length| length.checked_sub(header));
    let payload = payload.ok_or(BoxError::Invalid("AAC: frame length"))?;
    reader.skip(header - 7)?;
    Ok((
        AudioConfig {
            sample_rate,
            channels,
        },
        reader.take(payload)?,
    ))
}

/// Object type and channels that an `esds` box describes.
pub(super) fn read_esds(body: &[u8]) -> Result<(u8, u32), BoxError> {
    let mut reader = Reader::new(body, "esds");
    reader.full()?;
    let mut stream = Reader::new(descriptor(&mut reader, 3)?, "esds");
    stream.skip(2)?;
    // Optional fields: dependency, URL, clock reference.
    let flags = stream.u8()?;
    if flags & 0x80 != 0 {
        stream.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let length = stream.u8()?;
        stream.skip(usize::from(length))?;
    }
    if flags & 0x20 != 0 {
        stream.skip(2)?;
    }
    let mut decoder = Reader::new(descriptor(&mut stream, 4)?, "esds");
    if decoder.u8()? != 0x40 {
        return Err(BoxError::Invalid("esds: not AAC"));
    }
    decoder.skip(12)?;
    let mut specific = Reader::new(descriptor(&mut decoder, 5)?, "esds");
    let (first, second) = (specific.u8()?, specific.u8()?);
    let channels = channel_count((second >> 3) & 15).ok_or(BoxError::Invalid("esds: channels"))?;
    Ok((first >> 3, channels))
}

/// The content of the next descriptor, which must have this tag.
fn descriptor<'a>(reader: &mut Reader<'a>, tag: u8) -> Result<&'a [u8], BoxError> {
    if reader.u8()? != tag {
        return Err(BoxError::Invalid("esds"));
    }
    let mut length = 0_usize;
    for _ in 0..4 {
        let byte = reader.u8()?;
        length = (length << 7) | usize::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    reader.take(length)
}
