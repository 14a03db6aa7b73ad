//! What an init segment says of its track.

use super::read::{Reader, children, find};
use super::write::{INIT_BRANDS, brands, full_box, mp4_box, put_u32};
use super::{BoxError, adts};
use crate::grid::Grid;

/// The one track of an init segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitInfo {
    /// Ticks a second.
    pub timescale: u32,
    /// RFC 6381 codec string.
    pub codec: String,
    /// Pixels across, 0 for sound.
    pub width: u32,
    /// Pixels down, 0 for sound.
    pub height: u32,
    /// Channels, 0 for picture.
    pub channels: u32,
    /// Ticks from decoding to showing that the edit list takes back; `None` without one.
    pub shown_after: Option<u64>,
    /// Duration of a sample unless its fragment says otherwise.
    pub default_duration: u32,
    /// Size of a sample unless its fragment says otherwise.
    pub default_size: u32,
    /// Flags of a sample unless its fragment says otherwise.
    pub default_flags: u32,
}

impl InitInfo {
    /// Reads `ftyp` and `moov` of one track.
    pub fn parse(init: &[u8]) -> Result<Self, BoxError> {
        let moov = find(init, *b"moov", "moov")?;
        let traks = children(moov).filter(|child| matches!(child, Ok(c) if c.kind == *b"trak"));
        if traks.count() != 1 {
            return Err(BoxError::Invalid("track count"));
        }
        let trak = find(moov, *b"trak", "trak")?;
        let mdia = find(trak, *b"mdia", "mdia")?;
        let mut mdhd = Reader::new(find(mdia, *b"mdhd", "mdhd")?, "mdhd");
        let (version, _) = mdhd.full()?;
        mdhd.skip(if version == 1 { 16 } else { 8 })?;
        let timescale = mdhd.u32()?;
        if timescale == 0 {
            return Err(BoxError::Invalid("timescale"));
        }
        let stbl = find(find(mdia, *b"minf", "minf")?, *b"stbl", "stbl")?;
        let mut stsd = Reader::new(find(stbl, *b"stsd", "stsd")?, "stsd");
        stsd.skip(8)?;
        let entry = children(stsd.rest())
            .next()
            .ok_or(BoxError::Missing("sample description"))??;
        let description = Description::parse(entry.kind, entry.body)?;
        let trex = find(find(moov, *b"mvex", "mvex")?, *b"trex", "trex")?;
        let mut trex = Reader::new(trex, "trex");
        trex.skip(12)?;
        Ok(Self {
            timescale,
            shown_after: edit_start(trak)?,
            codec: description.codec,
            width: description.width,
            height: description.height,
            channels: description.channels,
            default_duration: trex.u32()?,
            default_size: trex.u32()?,
            default_flags: trex.u32()?,
        })
    }
}

struct Description {
    codec: String,
    width: u32,
    height: u32,
    channels: u32,
}

impl Description {
    fn parse(kind: [u8; 4], body: &[u8]) -> Result<Self, BoxError> {
        match &kind {
            b"avc1" | b"avc3" => Self::avc(kind, body),
            b"mp4a" => Self::aac(body),
            _ => Err(BoxError::Invalid("codec")),
        }
    }

    fn avc(kind: [u8; 4], body: &[u8]) -> Result<Self, BoxError> {
        let mut entry = Reader::new(body, "avc1");
        entry.skip(24)?;
        let (width, height) = (entry.u16()?, entry.u16()?);
        entry.skip(50)?;
        let mut config = Reader::new(find(entry.rest(), *b"avcC", "avcC")?, "avcC");
        config.skip(1)?;
        let (profile, constraints, level) = (config.u8()?, config.u8()?, config.u8()?);
        let kind = if kind == *b"avc3" { "avc3" } else { "avc1" };
        Ok(Self {
            codec: format!("{kind}.{profile:02x}{constraints:02x}{level:02x}"),
            width: u32::from(width),
            height: u32::from(height),
            channels: 0,
        })
    }

    fn aac(body: &[u8]) -> Result<Self, BoxError> {
        let mut entry = Reader::new(body, "mp4a");
        entry.skip(28)?;
        let (object_type, channels) = adts::read_esds(find(entry.rest(), *b"esds", "esds")?)?;
        Ok(Self {
            codec: format!("mp4a.40.{object_type}"),
            width: 0,
            height: 0,
            channels,
        })
    }
}

/// Media time of the first thing shown, of an edit list of one part.
fn edit_start(trak: &[u8]) -> Result<Option<u64>, BoxError> {
    let Ok(edts) = find(trak, *b"edts", "edts") else {
        return Ok(None);
    };
    let mut elst = Reader::new(find(edts, *b"elst", "elst")?, "elst");
    let (version, _) = elst.full()?;
    if elst.u32()? != 1 {
        return Err(BoxError::Invalid("elst: several parts"));
    }
    elst.versioned(version)?;
    let start = elst.versioned(version)?;
    let empty = if version == 1 {
        u64::MAX
    } else {
        u64::from(u32::MAX)
    };
    if start == empty {
        Err(BoxError::Invalid("elst: an empty part"))
    } else {
        Ok(Some(start))
    }
}

/// The init segment of a picture as it is stored.
///
/// It has CMAF's brands, an edit list that takes the encoder's reordering delay back, and no note
/// of which encoder made it, so that all chunks of a rung share the same bytes.
///
/// Negative composition offsets would need no edit list, but ffmpeg's demuxer delays such a track
/// by them, and sound would lead the picture.
pub fn cmaf_init(init: &[u8], grid: &Grid) -> Result<Vec<u8>, BoxError> {
    let moov = find(init, *b"moov", "moov")?;
    let shown_after = u32::try_from(grid.reorder_ticks()).ok();
    let shown_after = shown_after.ok_or(BoxError::Invalid("frame rate"))?;
    let mut content = Vec::with_capacity(init.len());
    for child in children(moov) {
        let child = child?;
        match &child.kind {
            b"udta" | b"meta" | b"free" => {}
            b"trak" => write_trak(&mut content, child.body, shown_after)?,
            _ => content.extend_from_slice(child.whole),
        }
    }
    let mut out = Vec::with_capacity(content.len() + 64);
    brands(&mut out, *b"ftyp", &INIT_BRANDS);
    mp4_box(&mut out, *b"moov", |out| out.extend_from_slice(&content));
    Ok(out)
}

fn write_trak(out: &mut Vec<u8>, trak: &[u8], shown_after: u32) -> Result<(), BoxError> {
    let kept = children(trak)
        .filter(|child| !matches!(child, Ok(c) if c.kind == *b"edts"))
        .collect::<Result<Vec<_>, _>>()?;
    mp4_box(out, *b"trak", |out| {
        for child in kept {
            out.extend_from_slice(child.whole);
            if child.kind == *b"tkhd" {
                write_edit_list(out, shown_after);
            }
        }
    });
    Ok(())
}

/// One part, to the end of the film, at normal speed.
fn write_edit_list(out: &mut Vec<u8>, media_time: u32) {
    mp4_box(out, *b"edts", |out| {
        full_box(out, *b"elst", 0, 0, |out| {
            for word in [1, 0, media_time, 0x1_0000] {
                put_u32(out, word);
            }
        });
    });
}
