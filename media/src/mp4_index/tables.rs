//! One track's sample tables: from a time to the bytes of its samples.

use std::ops::Range;

use crate::fmp4::BoxError;
use crate::fmp4::read::{Reader, find};
use crate::time::Micros;

/// Equal values of samples that follow one another.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// First sample, from 0.
    first: u64,
    /// Value at the first sample: its decode time.
    start: u64,
    /// Step from sample to sample.
    delta: u32,
}

/// Chunks that hold equally many samples.
#[derive(Debug, Clone, Copy)]
struct ChunkRun {
    first_sample: u64,
    first_chunk: u64,
    per_chunk: u64,
}

/// The tables of one track.
#[derive(Debug)]
pub(super) struct Track {
    timescale: u32,
    /// Added to a media time to get source time, ticks.
    shift: i64,
    times: Vec<Run>,
    /// The smallest and largest difference of showing from decoding, ticks.
    composition: (i64, i64),
    /// Keyframes, from 0; `None` when all samples are.
    syncs: Option<Vec<u64>>,
    sizes: Sizes,
    chunk_runs: Vec<ChunkRun>,
    offsets: Vec<u64>,
    samples: u64,
}

#[derive(Debug)]
enum Sizes {
    Equal(u64),
    Each(Vec<u32>),
}

impl Track {
    /// Reads the content of a `trak` box.
    pub(super) fn parse(trak: &[u8], movie_timescale: u32) -> Result<Self, BoxError> {
        let mdia = find(trak, *b"mdia", "mdia")?;
        let mut mdhd = Reader::new(find(mdia, *b"mdhd", "mdhd")?, "mdhd");
        let (version, _) = mdhd.full()?;
        mdhd.skip(if version == 1 { 16 } else { 8 })?;
        let timescale = mdhd.u32()?;
        if timescale == 0 {
            return Err(BoxError::Invalid("mdhd: timescale"));
        }
        let stbl = find(find(mdia, *b"minf", "minf")?, *b"stbl", "stbl")?;
        let (sizes, samples) = read_sizes(stbl)?;
        let offsets = read_offsets(stbl)?;
        let chunk_runs = read_chunk_runs(stbl, offsets.len())?;
        if samples == 0 || offsets.is_empty() {
            return Err(BoxError::Missing("samples"));
        }
        Ok(Self {
            timescale,
            shift: edit_shift(trak, movie_timescale, timescale)?,
            times: read_times(stbl)?,
            composition: read_composition(stbl)?,
            syncs: read_syncs(stbl)?,
            sizes,
            chunk_runs,
            offsets,
            samples,
        })
    }

    /// When the first sample is decoded, in source time.
    pub(super) fn first_time(&self) -> Micros {
        self.time_of(0)
    }

    /// When the keyframe is decoded from which on everything shown at `time` can be decoded;
    /// `None` when every sample is a keyframe.
    pub(super) fn keyframe_before(&self, time: Micros) -> Option<Micros> {
        let syncs = self.syncs.as_ref()?;
        let sample = self.sample_at(self.ticks(time).saturating_sub(self.composition.1));
        let after = syncs.partition_point(|sync| *sync <= sample);
        let sync = after
            .checked_sub(1)
            .and_then(|index| syncs.get(index))
            .copied();
        Some(self.time_of(sync.unwrap_or(0)))
    }

    /// The bytes of the samples that are decoded or shown in `[from, to)`; `None` when the tables
    /// contradict one another.
    pub(super) fn byte_ranges(&self, from: Micros, to: Micros) -> Option<Vec<Range<u64>>> {
        let first_ticks = self.ticks(from).saturating_sub(self.composition.1.max(0));
        let last_ticks = self.ticks(to).saturating_sub(self.composition.0.min(0));
        let first = self.sample_at(first_ticks);
        let last = self.sample_at(last_ticks);
        let mut ranges = Vec::new();
        let mut sample = first;
        while sample <= last {
            let (chunk, chunk_first, chunk_end) = self.chunk_of(sample)?;
            let end = chunk_end.min(last + 1);
            let offset = *self.offsets.get(chunk)?;
            let start = offset.checked_add(self.bytes_of(chunk_first..sample)?)?;
            ranges.push(start..start.checked_add(self.bytes_of(sample..end)?)?);
            sample = end;
        }
        Some(ranges)
    }

    /// Before when everything can be shown of a file that ends at `size`; `None` when nothing is
    /// lost, or the tables contradict one another.
    pub(super) fn lost_from(&self, size: u64) -> Option<Micros> {
        let mut chunk_start = 0;
        while chunk_start < self.samples {
            let (chunk, first, end) = self.chunk_of(chunk_start)?;
            let offset = *self.offsets.get(chunk)?;
            if offset.checked_add(self.bytes_of(first..end)?)? > size {
                let is_lost = |sample: &u64| {
                    let bytes = self.bytes_of(first..sample.saturating_add(1));
                    bytes.is_none_or(|bytes| offset.saturating_add(bytes) > size)
                };
                let lost = (first..end).find(is_lost)?;
                // Nothing that is decoded later is shown before this.
                return Some(self.shown_of(lost, self.composition.0));
            }
            chunk_start = end;
        }
        None
    }

    fn ticks(&self, time: Micros) -> i64 {
        let scaled = i128::from(time.0) * i128::from(self.timescale);
        let ticks = scaled.div_euclid(1_000_000) - i128::from(self.shift);
        i64::try_from(ticks).unwrap_or(if ticks < 0 { i64::MIN } else { i64::MAX })
    }

    fn time_of(&self, sample: u64) -> Micros {
        self.shown_of(sample, 0)
    }

    /// When a sample is shown whose composition offset is `offset`, in source time.
    fn shown_of(&self, sample: u64, offset: i64) -> Micros {
        let run = self
            .times
            .partition_point(|run| run.first <= sample)
            .checked_sub(1);
        let ticks = run
            .and_then(|index| self.times.get(index))
            .map_or(0, |run| {
                i128::from(run.start) + i128::from(sample - run.first) * i128::from(run.delta)
            });
        let shifted = ticks + i128::from(self.shift) + i128::from(offset);
        let micros = (shifted * 1_000_000).div_euclid(i128::from(self.timescale));
        Micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// The sample that is decoded at that media time; the first or last for times outside.
    fn sample_at(&self, ticks: i64) -> u64 {
        let ticks = u64::try_from(ticks).unwrap_or(0);
        let run = self
            .times
            .partition_point(|run| run.start <= ticks)
            .checked_sub(1);
        let sample = run
            .and_then(|index| self.times.get(index))
            .map_or(0, |run| {
                let steps = (ticks - run.start)
                    .checked_div(u64::from(run.delta))
                    .unwrap_or(0);
                run.first.saturating_add(steps)
            });
        sample.min(self.samples.saturating_sub(1))
    }

    /// A sample's chunk (from 0), the chunk's first sample and the one after its last.
    fn chunk_of(&self, sample: u64) -> Option<(usize, u64, u64)> {
        let index = self
            .chunk_runs
            .partition_point(|run| run.first_sample <= sample);
        let run = self.chunk_runs.get(index.checked_sub(1)?)?;
        let nth = (sample - run.first_sample).checked_div(run.per_chunk)?;
        let first = run.first_sample + nth * run.per_chunk;
        let chunk = usize::try_from(run.first_chunk + nth).ok()?;
        Some((
            chunk,
            first,
            first.checked_add(run.per_chunk)?.min(self.samples),
        ))
    }

    fn bytes_of(&self, samples: Range<u64>) -> Option<u64> {
        match &self.sizes {
            Sizes::Equal(size) => size.checked_mul(samples.end.checked_sub(samples.start)?),
            Sizes::Each(sizes) => {
                let start = usize::try_from(samples.start).ok()?;
                let end = usize::try_from(samples.end).ok()?;
                Some(
                    sizes
                        .get(start..end)?
                        .iter()
                        .map(|size| u64::from(*size))
                        .sum(),
                )
            }
        }
    }
}

/// Entries of a table that starts with their number; never more than its bytes can hold.
fn entries<'a>(
    stbl: &'a [u8],
    kind: [u8; 4],
    name: &'static str,
) -> Result<(u8, u32, Reader<'a>), BoxError> {
    let mut reader = Reader::new(find(stbl, kind, name)?, name);
    let (version, _) = reader.full()?;
    let count = reader.u32()?;
    Ok((version, count, reader))
}

fn read_sizes(stbl: &[u8]) -> Result<(Sizes, u64), BoxError> {
    let mut stsz = Reader::new(find(stbl, *b"stsz", "stsz")?, "stsz");
    stsz.full()?;
    let (equal, count) = (stsz.u32()?, stsz.u32()?);
    if equal > 0 {
        return Ok((Sizes::Equal(u64::from(equal)), u64::from(count)));
    }
    let mut sizes = Vec::new();
    for _ in 0..count {
        sizes.push(stsz.u32()?);
    }
    Ok((Sizes::Each(sizes), u64::from(count)))
}

fn read_offsets(stbl: &[u8]) -> Result<Vec<u64>, BoxError> {
    let mut offsets = Vec::new();
    if let Ok((_, count, mut stco)) = entries(stbl, *b"stco", "stco") {
        for _ in 0..count {
            offsets.push(u64::from(stco.u32()?));
        }
        return Ok(offsets);
    }
    let (_, count, mut co64) = entries(stbl, *b"co64", "stco")?;
    for _ in 0..count {
        offsets.push(co64.u64()?);
    }
    Ok(offsets)
}

fn read_chunk_runs(stbl: &[u8], chunks: usize) -> Result<Vec<ChunkRun>, BoxError> {
    let (_, count, mut stsc) = entries(stbl, *b"stsc", "stsc")?;
    let mut runs: Vec<ChunkRun> = Vec::new();
    for _ in 0..count {
        let first_chunk = u64::from(stsc.u32()?).checked_sub(1);
        let per_chunk = u64::from(stsc.u32()?);
        stsc.skip(4)?;
        let first_chunk = first_chunk.ok_or(BoxError::Invalid("stsc"))?;
        let first_sample = match runs.last() {
            None if first_chunk == 0 => Some(0),
            None => None,
            Some(last) => first_chunk
                .checked_sub(last.first_chunk)
                .filter(|chunks| *chunks > 0)
                .and_then(|chunks| {
                    chunks
                        .checked_mul(last.per_chunk)?
                        .checked_add(last.first_sample)
                }),
        };
        let first_sample = first_sample
            .filter(|_| per_chunk > 0)
            .ok_or(BoxError::Invalid("stsc"))?;
        // Runs of chunks that are not there hold nothing.
        if usize::try_from(first_chunk).is_ok_and(|first| first < chunks) {
            runs.push(ChunkRun {
                first_sample,
                first_chunk,
                per_chunk,
            });
        }
    }
    Ok(runs)
}

fn read_times(stbl: &[u8]) -> Result<Vec<Run>, BoxError> {
    let (_, count, mut stts) = entries(stbl, *b"stts", "stts")?;
    let mut runs = Vec::new();
    let (mut first, mut start) = (0_u64, 0_u64);
    for _ in 0..count {
        let (samples, delta) = (stts.u32()?, stts.u32()?);
        runs.push(Run {
            first,
            start,
            delta,
        });
        first = first.saturating_add(u64::from(samples));
        start = start.saturating_add(u64::from(samples) * u64::from(delta));
    }
    if runs.is_empty() {
        Err(BoxError::Missing("sample times"))
    } else {
        Ok(runs)
    }
}

fn read_composition(stbl: &[u8]) -> Result<(i64, i64), BoxError> {
    let Ok((version, count, mut ctts)) = entries(stbl, *b"ctts", "ctts") else {
        return Ok((0, 0));
    };
    let mut bounds: Option<(i64, i64)> = None;
    for _ in 0..count {
        ctts.skip(4)?;
        // Many writers put negative offsets into version 0 too.
        let offset = match (version, ctts.u32()?) {
            (_, word) if word > i32::MAX.unsigned_abs() => i64::from(word) - (1_i64 << 32),
            (_, word) => i64::from(word),
        };
        let (least, most) = bounds.unwrap_or((offset, offset));
        bounds = Some((least.min(offset), most.max(offset)));
    }
    Ok(bounds.unwrap_or((0, 0)))
}

fn read_syncs(stbl: &[u8]) -> Result<Option<Vec<u64>>, BoxError> {
    let Ok((_, count, mut stss)) = entries(stbl, *b"stss", "stss") else {
        return Ok(None);
    };
    let mut syncs = Vec::new();
    for _ in 0..count {
        let sync = u64::from(stss.u32()?).saturating_sub(1);
        if syncs.last().is_some_and(|last| *last >= sync) {
            return Err(BoxError::Invalid("stss"));
        }
        syncs.push(sync);
    }
    Ok(Some(syncs))
}

/// What an edit list adds to media time: a delay before, and a cut at the start. A list that
/// plays several parts is beyond this index.
fn edit_shift(trak: &[u8], movie_timescale: u32, timescale: u32) -> Result<i64, BoxError> {
    let Ok(edts) = find(trak, *b"edts", "edts") else {
        return Ok(0);
    };
    let Ok(elst) = find(edts, *b"elst", "elst") else {
        return Ok(0);
    };
    let mut reader = Reader::new(elst, "elst");
    let (version, _) = reader.full()?;
    let count = reader.u32()?;
    let mut delay = 0_i128;
    let mut cut: Option<i64> = None;
    for _ in 0..count {
        let duration = reader.versioned(version)?;
        let media_time = if version == 1 {
            reader.u64()?.cast_signed()
        } else {
            i64::from(reader.i32()?)
        };
        reader.skip(4)?;
        match (media_time, cut) {
            (-1, None) => delay += i128::from(duration),
            (start, None) if start >= 0 => cut = Some(start),
            _ => return Err(BoxError::Invalid("elst: several parts")),
        }
    }
    let delay = delay * i128::from(timescale) / i128::from(movie_timescale);
    i64::try_from(delay - i128::from(cut.unwrap_or(0)))
        .ok()
        .ok_or(BoxError::Invalid("elst"))
}
