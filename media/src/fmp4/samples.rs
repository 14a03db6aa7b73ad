//! The samples of a fragment: read from any legal form, written in one.

use super::read::{Child, Reader, children, find};
use super::write::{SEGMENT_BRANDS, brands, full_box, mp4_box, put_u32, put_u64};
use super::{BoxError, InitInfo};

/// A fragment's samples may be this many; without a bound 16 bytes could claim four billion.
const MAX_SAMPLES: u32 = 1 << 20;
/// `sample_is_non_sync_sample`.
const NON_SYNC: u32 = 0x0001_0000;

const TFHD_BASE: u32 = 0x01;
const TFHD_DESCRIPTION: u32 = 0x02;
const TFHD_DURATION: u32 = 0x08;
const TFHD_SIZE: u32 = 0x10;
const TFHD_FLAGS: u32 = 0x20;
const TFHD_BASE_IS_MOOF: u32 = 0x02_0000;

const TRUN_OFFSET: u32 = 0x001;
const TRUN_FIRST_FLAGS: u32 = 0x004;
const TRUN_DURATION: u32 = 0x100;
const TRUN_SIZE: u32 = 0x200;
const TRUN_FLAGS: u32 = 0x400;
const TRUN_COMPOSITION: u32 = 0x800;

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
    pub(super) composition: i64,
}

impl Sample {
    pub(super) const fn is_sync(&self) -> bool {
        self.flags & NON_SYNC == 0
    }
}

/// A fragment's samples and their bytes.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    pub(super) base_decode_time: u64,
    pub(super) list: Vec<Sample>,
    /// The bytes of all samples, one after another.
    pub(super) payload: &'a [u8],
}

/// What holds for samples that do not say otherwise.
#[derive(Clone, Copy)]
struct Defaults {
    duration: u32,
    size: u32,
    flags: u32,
}

impl<'a> Samples<'a> {
    /// Reads the one `moof` and `mdat` of a fragment, whatever lies before and between.
    pub(super) fn parse(fragment: &'a [u8], init: &InitInfo) -> Result<Self, BoxError> {
        let mut moof: Option<(Child<'_>, usize)> = None;
        let mut offset = 0;
        for child in children(fragment) {
            let child = child?;
            match &child.kind {
                b"moof" if moof.is_some() => return Err(BoxError::Invalid("fragment count")),
                b"moof" => moof = Some((child, offset)),
                b"mdat" => {
                    let (moof, moof_offset) = moof.ok_or(BoxError::Missing("moof"))?;
                    let payload_offset = offset + child.whole.len() - child.body.len();
                    return Self::read_moof(moof, payload_offset - moof_offset, child.body, init);
                }
                _ => {}
            }
            offset += child.whole.len();
        }
        Err(BoxError::Missing(if moof.is_some() {
            "mdat"
        } else {
            "moof"
        }))
    }

    /// `payload_offset`: from the start of `moof` to the first byte of `mdat`'s content.
    fn read_moof(
        moof: Child<'_>,
        payload_offset: usize,
        mdat: &'a [u8],
        init: &InitInfo,
    ) -> Result<Self, BoxError> {
        let traf = find(moof.body, *b"traf", "traf")?;
        let trafs = children(moof.body).filter(|c| matches!(c, Ok(c) if c.kind == *b"traf"));
        if trafs.count() != 1 {
            return Err(BoxError::Invalid("track count"));
        }
        let defaults = read_tfhd(find(traf, *b"tfhd", "tfhd")?, init)?;
        let mut tfdt = Reader::new(find(traf, *b"tfdt", "tfdt")?, "tfdt");
        let (version, _) = tfdt.full()?;
        let base_decode_time = tfdt.versioned(version)?;
        let mut samples = Vec::new();
        let mut total: usize = 0;
        for child in children(traf) {
            let child = child?;
            if child.kind == *b"trun" {
                let expected = payload_offset.saturating_add(total);
                read_trun(child.body, defaults, expected, &mut samples)?;
                total = total_size(&samples)?;
            }
        }
        let payload = mdat.get(..total).ok_or(BoxError::Truncated("mdat"))?;
        if samples.is_empty() {
            return Err(BoxError::Missing("samples"));
        }
        Ok(Self {
            base_decode_time,
            list: samples,
            payload,
        })
    }

    /// Sum of all durations.
    pub(super) fn duration(&self) -> u64 {
        self.list
            .iter()
            .map(|sample| u64::from(sample.duration))
            .sum()
    }

    /// When each sample is shown, and until when, from the first decode time on; in decode order.
    pub(super) fn presentation(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.list.iter().scan(0_i64, |decode, sample| {
            let start = *decode + sample.composition;
            *decode += i64::from(sample.duration);
            Some((start, start + i64::from(sample.duration)))
        })
    }
}

fn total_size(samples: &[Sample]) -> Result<usize, BoxError> {
    let total: u64 = samples.iter().map(|sample| u64::from(sample.size)).sum();
    usize::try_from(total)
        .ok()
        .ok_or(BoxError::Invalid("sample sizes"))
}

fn read_tfhd(body: &[u8], init: &InitInfo) -> Result<Defaults, BoxError> {
    let mut tfhd = Reader::new(body, "tfhd");
    let (_, flags) = tfhd.full()?;
    tfhd.skip(4)?;
    if flags & TFHD_BASE != 0 {
        return Err(BoxError::Invalid("tfhd: data lies at a file offset"));
    }
    if flags & TFHD_DESCRIPTION != 0 {
        tfhd.skip(4)?;
    }
    let mut field = |flag: u32, default: u32| {
        if flags & flag == 0 {
            Ok(default)
        } else {
            tfhd.u32()
        }
    };
    Ok(Defaults {
        duration: field(TFHD_DURATION, init.default_duration)?,
        size: field(TFHD_SIZE, init.default_size)?,
        flags: field(TFHD_FLAGS, init.default_flags)?,
    })
}

fn read_trun(
    body: &[u8],
    defaults: Defaults,
    expected_offset: usize,
    samples: &mut Vec<Sample>,
) -> Result<(), BoxError> {
    let mut trun = Reader::new(body, "trun");
    let (version, flags) = trun.full()?;
    let count = trun.u32()?;
    if count > MAX_SAMPLES || samples.len() > MAX_SAMPLES as usize {
        return Err(BoxError::Invalid("sample count"));
    }
    if flags & TRUN_OFFSET != 0 {
        let offset = trun.i32()?;
        if usize::try_from(offset).ok() != Some(expected_offset) {
            return Err(BoxError::Invalid("trun: data offset"));
        }
    }
    let first_flags = if flags & TRUN_FIRST_FLAGS == 0 {
        None
    } else {
        Some(trun.u32()?)
    };
    for index in 0..count {
        let mut field = |flag: u32, default: u32| {
            if flags & flag == 0 {
                Ok(default)
            } else {
                trun.u32()
            }
        };
        let duration = field(TRUN_DURATION, defaults.duration)?;
        let size = field(TRUN_SIZE, defaults.size)?;
        let implied = first_flags.filter(|_| index == 0).unwrap_or(defaults.flags);
        let sample_flags = field(TRUN_FLAGS, implied)?;
        let composition = match (flags & TRUN_COMPOSITION, version) {
            (0, _) => 0,
            (_, 0) => i64::from(trun.u32()?),
            _ => i64::from(trun.i32()?),
        };
        samples.push(Sample {
            duration,
            size,
            flags: sample_flags,
            composition,
        });
    }
    Ok(())
}

/// Writes `styp`, `moof` and `mdat`. Composition offsets are moved so that the first shown frame
/// is shown `shown_after` ticks after `base_decode_time`.
pub(super) fn write_segment(
    sequence_number: u32,
    base_decode_time: u64,
    shown_after: u64,
    samples: &[Sample],
    payload: &[&[u8]],
) -> Result<Vec<u8>, BoxError> {
    let size = total_size(samples)?;
    // Room for the boxes: an mdat's size must fit 32 bits.
    if u32::try_from(size.saturating_add(8)).is_err() {
        return Err(BoxError::TooLarge { limit: 1 << 32 });
    }
    let table = Table::new(samples, shown_after)?;
    let mut out = Vec::with_capacity(size + samples.len() * 16 + 256);
    brands(&mut out, *b"styp", &SEGMENT_BRANDS);
    let offset = i32::try_from(table.moof_size() + 8)
        .ok()
        .ok_or(BoxError::Invalid("moof size"))?;
    mp4_box(&mut out, *b"moof", |out| {
        full_box(out, *b"mfhd", 0, 0, |out| put_u32(out, sequence_number));
        mp4_box(out, *b"traf", |out| {
            table.write_traf(out, base_decode_time, offset);
        });
    });
    mp4_box(&mut out, *b"mdat", |out| {
        for bytes in payload {
            out.extend_from_slice(bytes);
        }
    });
    Ok(out)
}

/// How samples are written: what all share goes into `tfhd`.
struct Table<'a> {
    samples: &'a [Sample],
    /// Composition offsets as they are written.
    compositions: Vec<u32>,
    duration: Option<u32>,
    later_flags: u32,
    first_flags: u32,
    flags_each: bool,
}

impl<'a> Table<'a> {
    fn new(samples: &'a [Sample], shown_after: u64) -> Result<Self, BoxError> {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Err(BoxError::Missing("samples"));
        };
        let mut decode = 0_i64;
        let mut earliest = i64::MAX;
        for sample in samples {
            earliest = earliest.min(decode + sample.composition);
            decode += i64::from(sample.duration);
        }
        let shift = i64::try_from(shown_after)
            .ok()
            .and_then(|after| after.checked_sub(earliest));
        // An offset below zero: a frame would be shown before it is decoded.
        let compositions = samples
            .iter()
            .map(|sample| u32::try_from(sample.composition.checked_add(shift?)?).ok())
            .collect::<Option<_>>()
            .ok_or(BoxError::Invalid("composition offsets"))?;
        let uniform = samples
            .iter()
            .all(|sample| sample.duration == first.duration);
        let flags_each = samples
            .iter()
            .skip(1)
            .any(|sample| sample.flags != last.flags);
        Ok(Self {
            samples,
            compositions,
            duration: uniform.then_some(first.duration),
            later_flags: last.flags,
            first_flags: first.flags,
            flags_each,
        })
    }

    fn trun_flags(&self) -> u32 {
        let mut flags = TRUN_OFFSET | TRUN_SIZE;
        if self.duration.is_none() {
            flags |= TRUN_DURATION;
        }
        if self.flags_each {
            flags |= TRUN_FLAGS;
        } else if self.first_flags != self.later_flags {
            flags |= TRUN_FIRST_FLAGS;
        }
        if self.compositions.iter().any(|offset| *offset != 0) {
            flags |= TRUN_COMPOSITION;
        }
        flags
    }

    /// The size that `moof` will have: the data offset is written before it is known otherwise.
    fn moof_size(&self) -> usize {
        let flags = self.trun_flags();
        let per_sample = [TRUN_DURATION, TRUN_SIZE, TRUN_FLAGS, TRUN_COMPOSITION]
            .into_iter()
            .filter(|flag| flags & flag != 0)
            .count();
        let trun = 12 + 4 + 4 + if flags & TRUN_FIRST_FLAGS == 0 { 0 } else { 4 };
        let tfhd = 12 + 4 + 4 + if self.duration.is_some() { 4 } else { 0 };
        let (moof, mfhd, traf, tfdt) = (8, 16, 8, 20);
        moof + mfhd + traf + tfhd + tfdt + trun + per_sample * 4 * self.samples.len()
    }

    fn write_traf(&self, out: &mut Vec<u8>, base_decode_time: u64, data_offset: i32) {
        let shared = if self.duration.is_some() {
            TFHD_DURATION
        } else {
            0
        };
        full_box(
            out,
            *b"tfhd",
            0,
            TFHD_BASE_IS_MOOF | TFHD_FLAGS | shared,
            |out| {
                put_u32(out, 1);
                if let Some(duration) = self.duration {
                    put_u32(out, duration);
                }
                put_u32(out, self.later_flags);
            },
        );
        full_box(out, *b"tfdt", 1, 0, |out| put_u64(out, base_decode_time));
        let flags = self.trun_flags();
        full_box(out, *b"trun", 0, flags, |out| {
            put_u32(out, u32::try_from(self.samples.len()).unwrap_or(u32::MAX));
            out.extend_from_slice(&data_offset.to_be_bytes());
            if flags & TRUN_FIRST_FLAGS != 0 {
                put_u32(out, self.first_flags);
            }
            for (sample, composition) in self.samples.iter().zip(&self.compositions) {
                if flags & TRUN_DURATION != 0 {
                    put_u32(out, sample.duration);
                }
                put_u32(out, sample.size);
                if flags & TRUN_FLAGS != 0 {
                    put_u32(out, sample.flags);
                }
                if flags & TRUN_COMPOSITION != 0 {
                    put_u32(out, *composition);
                }
            }
        });
    }
}
