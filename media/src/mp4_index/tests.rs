//! Indexes made by hand, where every offset is known, and indexes that lie.

use std::ops::Range;

use proptest::prelude::*;

use super::{Finder, Mp4Index, Search};
use crate::time::Micros;

fn mp4_box(kind: [u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes(), &kind[..], &content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A film of ten thousand samples of 1,000 bytes at 100 a second, ten in a chunk, a keyframe
/// every second; shown two samples after decoding, which the edit list takes back.
fn moov(first_chunk: u32) -> Vec<u8> {
    let chunks: Vec<u32> = (0..1000)
        .map(|chunk| first_chunk + chunk * 10_000)
        .collect();
    let syncs: Vec<u32> = (0..100).map(|second| second * 100 + 1).collect();
    let table =
        |kind: [u8; 4], head: &[u32], rows: &[u32]| mp4_box(kind, &[&words(head), &words(rows)]);
    let stbl = mp4_box(
        *b"stbl",
        &[
            &table(*b"stts", &[0, 1], &[10_000, 10]),
            &table(*b"ctts", &[0, 1], &[10_000, 20]),
            &table(*b"stss", &[0, 100], &syncs),
            &table(*b"stsc", &[0, 1], &[1, 10, 1]),
            &table(*b"stsz", &[0, 0, 10_000], &vec![1000; 10_000]),
            &table(*b"stco", &[0, 1000], &chunks),
        ],
    );
    let movie = mp4_box(*b"mvhd", &[&words(&[0, 0, 0, 1000, 100_000])]);
    let mdhd = mp4_box(*b"mdhd", &[&words(&[0, 0, 0, 1000, 100_000, 0])]);
    let edts = mp4_box(
        *b"edts",
        &[&mp4_box(
            *b"elst",
            &[&words(&[0, 1, 100_000, 20, 0x1_0000])],
        )],
    );
    let mdia = mp4_box(*b"mdia", &[&mdhd, &mp4_box(*b"minf", &[&stbl])]);
    mp4_box(*b"moov", &[&movie, &mp4_box(*b"trak", &[&edts, &mdia])])
}

/// `ftyp`, `mdat` of ten million bytes, `moov`; only what is asked for is ever made.
struct File {
    head: Vec<u8>,
    moov: Vec<u8>,
}

const DATA: u64 = 10_000_000;

impl File {
    fn new() -> Self {
        let mut head = mp4_box(*b"ftyp", &[b"isom\0\0\0\0"]);
        head.extend_from_slice(&words(&[u32::try_from(DATA + 8).unwrap()]));
        head.extend_from_slice(b"mdat");
        Self {
            head,
            moov: moov(24),
        }
    }

    fn size(&self) -> u64 {
        self.head.len() as u64 + DATA + self.moov.len() as u64
    }

    fn read(&self, range: &Range<u64>) -> Vec<u8> {
        let moov_at = self.head.len() as u64 + DATA;
        (range.start..range.end)
            .map(|at| {
                let in_moov = at
                    .checked_sub(moov_at)
                    .and_then(|at| usize::try_from(at).ok());
                let in_head = usize::try_from(at).unwrap();
                in_moov
                    .map_or_else(|| self.head.get(in_head), |at| self.moov.get(at))
                    .copied()
                    .unwrap_or(0)
            })
            .collect()
    }

    fn index(&self) -> Mp4Index {
        let mut finder = Finder::new(self.size());
        let mut wanted = finder.wanted();
        for _ in 0..4 {
            match finder.next(&self.read(&wanted)) {
                Search::Fetch(range) => wanted = range,
                Search::Moov(range) => return finder.index(&self.read(&range)).unwrap(),
                Search::Unusable => break,
            }
        }
        panic!("the index is found in a few steps");
    }
}

fn covers(ranges: &[Range<u64>], wanted: Range<u64>) -> bool {
    ranges
        .iter()
        .any(|range| range.start <= wanted.start && wanted.end <= range.end)
}

#[test]
fn only_the_span_its_keyframe_and_the_structure_are_fetched() {
    let file = File::new();
    let index = file.index();
    let second = |n: u64| 24 + n * 100_000;
    let ranges = index
        .ranges(&[0], Micros::from_secs(50), Micros::from_secs(54))
        .unwrap();
    // ffmpeg may seek to the keyframe before, and decoders read on.
    assert!(covers(&ranges, second(49)..second(55)));
    assert!(covers(&ranges, 0..second(1)));
    assert!(covers(
        &ranges,
        file.size() - file.moov.len() as u64..file.size()
    ));
    let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    assert!(bytes < 1_000_000, "{bytes}");
    assert!(ranges.is_sorted_by_key(|range| range.start));
    assert!(
        ranges
            .iter()
            .zip(ranges.iter().skip(1))
            .all(|(one, next)| one.end < next.start)
    );
    // The last second goes to the end, and there is no other track.
    let last = index
        .ranges(&[0], Micros::from_secs(99), Micros::from_secs(200))
        .unwrap();
    assert!(covers(&last, second(98)..second(100)));
    assert_eq!(index.ranges(&[1], Micros::ZERO, Micros::from_secs(1)), None);
    assert!(!covers(&index.opening_ranges(), second(50)..second(51)));
}

#[test]
fn what_a_cut_off_file_lacks_is_told_to_the_frame() {
    let head = mp4_box(*b"ftyp", &[b"isom\0\0\0\0"]);
    let first = u32::try_from(head.len() + moov(0).len() + 8).unwrap();
    let bytes = [head, moov(first)].concat();
    let cut_offs = |samples: u64, more: u64| {
        let size = u64::from(first) + samples * 1000 + more;
        let mut finder = Finder::new(size);
        let wanted = finder.wanted();
        let shown = bytes.get(..usize::try_from(wanted.end).unwrap().min(bytes.len()));
        let Search::Moov(range) = finder.next(shown.unwrap()) else {
            panic!("the index comes first");
        };
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        finder.index(&bytes[range]).unwrap().cut_offs()
    };
    assert_eq!(cut_offs(10_000, 0), vec![]);
    assert_eq!(cut_offs(9_999, 999), vec![(0, Micros(99_990_000))]);
    assert_eq!(cut_offs(5_003, 0), vec![(0, Micros(50_030_000))]);
    assert_eq!(cut_offs(0, 0), vec![(0, Micros::ZERO)]);
}

#[test]
fn a_file_that_cannot_be_indexed_is_staged_whole() {
    let search = |bytes: &[u8], size: u64| Finder::new(size).next(bytes);
    let ftyp = mp4_box(*b"ftyp", &[b"isom\0\0\0\0"]);
    // Fragmented; cut off within its data; no index at all; data that goes on to the end.
    let fragmented = [&ftyp[..], &mp4_box(*b"moof", &[&[0; 8]])].concat();
    assert_eq!(search(&fragmented, 1000), Search::Unusable);
    let truncated = [&ftyp[..], &words(&[5000]), b"mdat"].concat();
    assert_eq!(search(&truncated, 1000), Search::Unusable);
    assert_eq!(search(&ftyp, ftyp.len() as u64), Search::Unusable);
    let endless = [&ftyp[..], &words(&[0]), b"mdat"].concat();
    assert_eq!(search(&endless, 1000), Search::Unusable);
    assert_eq!(search(&[], 0), Search::Unusable);
}

proptest! {
    #[test]
    fn an_index_that_lies_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        from in any::<i64>(), length in any::<i64>(),
    ) {
        let mut moov = moov(24);
        // The tables' heads are where lies do most harm; the long tables come last.
        let heads = moov.len() - 44_000;
        for (index, value) in changes {
            let at = index.index(heads);
            moov[at] = value;
        }
        let size = 10_100_000;
        let mut finder = Finder::new(size);
        if finder.next(&moov) != Search::Moov(0..moov.len() as u64) {
            return Ok(());
        }
        if let Ok(index) = finder.index(&moov) {
            let (from, to) = (Micros(from), Micros(from) + Micros(length));
            for range in index.ranges(&[0], from, to).into_iter().flatten() {
                prop_assert!(range.start < range.end && range.end <= size);
            }
            prop_assert!(!index.opening_ranges().is_empty());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), size in any::<u64>()) {
        let mut finder = Finder::new(size);
        while let Search::Fetch(range) = finder.next(&bytes) {
            prop_assert!(range.start < range.end && range.end <= size);
        }
        prop_assert!(Finder::new(size).index(&bytes).is_err());
    }
}
