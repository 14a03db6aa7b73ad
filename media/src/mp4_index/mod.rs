//! Which bytes of an MP4 source a task needs.
//!
//! ffmpeg gets a sparse file of the source's size with only those bytes in it. They are: the box
//! headers on the way to the index, the index (`moov`), the first samples of every track, which
//! are looked at when a file is opened, and the samples of the wanted time from the keyframe
//! before it on.

mod finder;
mod tables;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use finder::{Finder, Search};

use crate::fmp4::BoxError;
use crate::fmp4::read::{Child, Reader, children, find};
use crate::time::Micros;
use tables::Track;

/// The file's start: its brand, and what tells its format.
const HEAD_BYTES: u64 = 4096;
/// What is looked at of every track when a file is opened.
const OPENING: Micros = Micros(1_000_000);
/// ffmpeg seeks up to three frames at 23 a second before what it is asked for, so as not to miss
/// the keyframe of a reordered frame.
const SEEK_MARGIN: Micros = Micros(250_000);
/// Decoders read ahead of what they give out.
const READ_AHEAD: Micros = Micros(1_000_000);
/// Ranges nearer than this are fetched as one: a request costs more than the bytes between.
const MERGE_GAP: u64 = 64 * 1024;

/// The index of an MP4 source.
#[derive(Debug)]
pub struct Mp4Index {
    file_size: u64,
    /// Where the boxes around the samples lie.
    structure: Vec<Range<u64>>,
    /// By stream index; `None` for a track whose tables are of no use.
    tracks: Vec<Option<Track>>,
}

impl Mp4Index {
    /// Reads the bytes of the `moov` box, header included.
    fn parse(moov: &[u8], file_size: u64, structure: Vec<Range<u64>>) -> Result<Self, BoxError> {
        let body = find(moov, *b"moov", "moov")?;
        let boxes: Vec<Child<'_>> = children(body).collect::<Result<_, _>>()?;
        // A fragmented file's samples are listed beside them, not here; a compressed index is rare.
        if boxes
            .iter()
            .any(|child| matches!(&child.kind, b"mvex" | b"cmov"))
        {
            return Err(BoxError::Invalid("moov: it does not list the samples"));
        }
        let movie_timescale = movie_timescale(find(body, *b"mvhd", "mvhd")?)?;
        let tracks: Vec<_> = boxes
            .iter()
            .filter(|child| child.kind == *b"trak")
            .map(|trak| Track::parse(trak.body, movie_timescale).ok())
            .collect();
        if tracks.iter().all(Option::is_none) {
            return Err(BoxError::Missing("usable track"));
        }
        Ok(Self {
            file_size,
            structure,
            tracks,
        })
    }

    /// The bytes needed to open the file and see what it is.
    pub fn opening_ranges(&self) -> Vec<Range<u64>> {
        self.merged(self.opening())
    }

    /// The bytes needed to decode `[from, to)` (in source time) of the streams at these indexes,
    /// and to open the file. `None` when a stream has no usable index: stage the whole file.
    pub fn ranges(&self, streams: &[u32], from: Micros, to: Micros) -> Option<Vec<Range<u64>>> {
        let wanted = streams
            .iter()
            .map(|stream| {
                let index = usize::try_from(*stream).ok()?;
                self.tracks.get(index).and_then(Option::as_ref)
            })
            .collect::<Option<Vec<_>>>()?;
        // A file is read from the keyframe of its picture on, and the other tracks from there too.
        let start = wanted
            .iter()
            .filter_map(|track| track.keyframe_before(from - SEEK_MARGIN))
            .min()
            .unwrap_or(from)
            .min(from - SEEK_MARGIN);
        let mut ranges = self.opening();
        for track in wanted {
            ranges.extend(track.byte_ranges(start, to + READ_AHEAD)?);
        }
        Some(self.merged(ranges))
    }

    /// The streams of which the file lacks the end, by index, with the time from which on they can
    /// not be shown: a file that lists its samples first and was cut off later.
    pub fn cut_offs(&self) -> Vec<(u32, Micros)> {
        let lost = |(index, track): (u32, &Option<Track>)| {
            let from = track.as_ref()?.lost_from(self.file_size)?;
            Some((index, from))
        };
        (0..).zip(&self.tracks).filter_map(lost).collect()
    }

    fn opening(&self) -> Vec<Range<u64>> {
        let mut ranges = self.structure.clone();
        ranges.push(0..HEAD_BYTES);
        for track in self.tracks.iter().flatten() {
            let first = track.first_time();
            ranges.extend(
                track
                    .byte_ranges(first, first + OPENING)
                    .unwrap_or_default(),
            );
        }
        ranges
    }

    /// In order, without overlaps and small gaps, and within the file.
    fn merged(&self, mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut merged: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            let range = range.start..range.end.min(self.file_size);
            if range.is_empty() {
                continue;
            }
            match merged.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(MERGE_GAP) => {
                    last.end = last.end.max(range.end);
                }
                _ => merged.push(range),
            }
        }
        merged
    }
}

fn movie_timescale(mvhd: &[u8]) -> Result<u32, BoxError> {
    let mut reader = Reader::new(mvhd, "mvhd");
    let (version, _) = reader.full()?;
    reader.skip(if version == 1 { 16 } else { 8 })?;
    match reader.u32()? {
        0 => Err(BoxError::Invalid("mvhd: timescale")),
        timescale => Ok(timescale),
    }
}
