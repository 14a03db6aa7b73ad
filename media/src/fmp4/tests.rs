//! Bytes that may say anything, and bytes that we wrote ourselves.

use proptest::prelude::*;

use crate::grid::Grid;
use crate::rate::Rational;

use super::write::{full_box, mp4_box, put_u32};
use super::{
    Adts, AudioConfig, BoxError, FragmentInfo, InitInfo, Part, Splitter, audio_init, audio_segment,
    cmaf_init, restamp,
};

const STEREO: AudioConfig = AudioConfig {
    sample_rate: 48_000,
    channels: 2,
};

fn stereo() -> (Vec<u8>, InitInfo) {
    let init = audio_init(STEREO, 128).unwrap();
    let info = InitInfo::parse(&init).unwrap();
    (init, info)
}

/// A track whose edit list takes two frames of ten ticks back.
fn picture() -> InitInfo {
    InitInfo {
        shown_after: Some(20),
        ..stereo().1
    }
}

/// A picture fragment as an encoder with delayed frames writes it: version 0 offsets.
fn delayed_fragment(compositions: &[u32], duration: u32) -> Vec<u8> {
    let mut out = delayed_moof(compositions, duration, 0);
    let data_offset = u32::try_from(out.len()).unwrap() + 8;
    out = delayed_moof(compositions, duration, data_offset);
    mp4_box(&mut out, *b"mdat", |out| {
        out.resize(out.len() + 3 * compositions.len(), 0xAB);
    });
    out
}

fn delayed_moof(compositions: &[u32], duration: u32, data_offset: u32) -> Vec<u8> {
    let words = |out: &mut Vec<u8>, words: &[u32]| {
        for word in words {
            put_u32(out, *word);
        }
    };
    let count = u32::try_from(compositions.len()).unwrap();
    let mut traf = Vec::new();
    full_box(&mut traf, *b"tfhd", 0, 0x02_0038, |out| {
        words(out, &[1, duration, 3, 0x0101_0000]);
    });
    full_box(&mut traf, *b"tfdt", 0, 0, |out| put_u32(out, 0));
    full_box(&mut traf, *b"trun", 0, 0x805, |out| {
        words(out, &[count, data_offset, 0x0200_0000]);
        words(out, compositions);
    });
    let mut out = Vec::new();
    mp4_box(&mut out, *b"moof", |out| {
        full_box(out, *b"mfhd", 0, 0, |out| put_u32(out, 7));
        mp4_box(out, *b"traf", |out| out.extend_from_slice(&traf));
    });
    out
}

fn feed_everything(bytes: &[u8]) {
    let info = picture();
    drop(InitInfo::parse(bytes));
    drop(cmaf_init(bytes, &Grid::new(Rational::ONE, 100)));
    drop(FragmentInfo::parse(bytes, &info));
    drop(Adts::parse(bytes));
    if let Ok(stored) = restamp(bytes, &info, 1, u64::MAX) {
        FragmentInfo::parse(&stored, &info).unwrap();
    }
    let mut splitter = Splitter::new(1 << 20);
    splitter.push(bytes);
    while let Ok(Some(_)) = splitter.next_part() {}
}

#[test]
fn an_audio_init_says_what_it_was_made_for() {
    for (channels, sample_rate) in [(1, 48_000), (2, 48_000), (6, 48_000), (8, 44_100)] {
        let init = audio_init(
            AudioConfig {
                sample_rate,
                channels,
            },
            128,
        )
        .unwrap();
        let info = InitInfo::parse(&init).unwrap();
        assert_eq!(info.codec, "mp4a.40.2");
        assert_eq!((info.channels, info.timescale), (channels, sample_rate));
    }
    assert!(
        audio_init(
            AudioConfig {
                sample_rate: 48_000,
                channels: 7
            },
            128
        )
        .is_err()
    );
    assert!(
        audio_init(
            AudioConfig {
                sample_rate: 96_000,
                channels: 2
            },
            128
        )
        .is_err()
    );
    assert!(
        audio_init(
            AudioConfig {
                sample_rate: 12_345,
                channels: 2
            },
            128
        )
        .is_err()
    );
}

#[test]
fn a_fragment_in_its_place_is_shown_from_its_decode_time_on() {
    let info = picture();
    // I P B B: delayed by three frames of ten ticks.
    let fragment = delayed_fragment(&[30, 50, 20, 20], 10);
    let found = FragmentInfo::parse(&fragment, &info).unwrap();
    assert_eq!(
        (found.samples, found.duration, found.payload_bytes),
        (4, 40, 12)
    );
    assert_eq!((found.first_presentation_offset, found.gapless), (10, true));
    assert!(found.starts_with_sync);
    assert_eq!(found.later_syncs, 0);

    let stored = restamp(&fragment, &info, 9, 1 << 33).unwrap();
    assert_eq!(&stored[4..12], b"stypcmfs");
    let placed = FragmentInfo::parse(&stored, &info).unwrap();
    assert_eq!(placed.base_decode_time, 1 << 33);
    assert_eq!(
        (
            placed.first_presentation_offset,
            placed.presentation_end_offset
        ),
        (0, 40)
    );
    assert_eq!(
        (placed.samples, placed.duration, placed.payload_bytes),
        (4, 40, 12)
    );
    assert!(placed.starts_with_sync && placed.gapless);
    let bare = InitInfo {
        shown_after: None,
        ..info.clone()
    };
    assert!(
        restamp(&fragment, &bare, 9, 0).is_err(),
        "the encoder's own init has no edit list"
    );
    // P is shown three frames after it would have to be decoded.
    let late = delayed_fragment(&[50, 30, 10, 0], 10);
    assert_eq!(
        restamp(&late, &info, 9, 0),
        Err(BoxError::Invalid("composition offsets"))
    );
    // Stamped twice is stamped once.
    assert_eq!(restamp(&stored, &info, 9, 1 << 33).unwrap(), stored);
}

#[test]
fn a_few_bytes_cannot_claim_many_samples() {
    let (_, info) = stereo();
    let mut fragment = audio_segment(1, 0, &[b"a", b"b"]).unwrap();
    let trun = fragment
        .windows(4)
        .position(|window| window == b"trun")
        .unwrap();
    fragment[trun + 4..trun + 12].copy_from_slice(&[1, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]);
    let error = FragmentInfo::parse(&fragment, &info).unwrap_err();
    assert_eq!(error, BoxError::Invalid("sample count"));
}

#[test]
fn a_box_that_would_never_fit_is_refused_before_it_has_arrived() {
    let mut splitter = Splitter::new(1000);
    splitter.push(&[0x7F, 0, 0, 0]);
    splitter.push(b"mdat");
    assert_eq!(
        splitter.next_part(),
        Err(BoxError::TooLarge { limit: 1000 })
    );
}

#[test]
fn an_output_that_stops_halfway_is_noticed() {
    let segment = audio_segment(1, 0, &[b"abc"]).unwrap();
    for cut in 1..segment.len() {
        let mut splitter = Splitter::new(1 << 20);
        splitter.push(&segment[..cut]);
        assert_eq!(splitter.next_part(), Ok(None));
        // Right after the `styp` box nothing is missing yet.
        let whole_box = cut == 32;
        assert_eq!(splitter.finish().is_ok(), whole_box, "{cut}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        feed_everything(&bytes);
    }

    #[test]
    fn changed_bytes_are_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let (init, _) = stereo();
        let audio = audio_segment(3, 5, &[b"some", b"raw", b"frames"]).unwrap();
        let video = delayed_fragment(&[20, 40, 10, 10], 10);
        for mut bytes in [init, audio, video] {
            for (index, value) in &changes {
                let at = index.index(bytes.len());
                bytes[at] = *value;
            }
            feed_everything(&bytes);
            feed_everything(&bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn segments_of_sound_hold_their_frames(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..50),
        first in 0_u64..1 << 40, number in any::<u32>(),
    ) {
        let (_, info) = stereo();
        let slices: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let segment = audio_segment(number, first, &slices).unwrap();
        let found = FragmentInfo::parse(&segment, &info).unwrap();
        prop_assert_eq!(found.samples as usize, frames.len());
        prop_assert_eq!(found.duration, 1024 * frames.len() as u64);
        prop_assert_eq!(found.base_decode_time, first * 1024);
        prop_assert!(found.starts_with_sync && found.gapless);
        prop_assert!(segment.ends_with(&frames.concat()));
    }

    #[test]
    fn parts_do_not_depend_on_how_the_bytes_arrive(
        cuts in prop::collection::vec(1_usize..90, 1..60),
    ) {
        let (init, _) = stereo();
        let fragments = [delayed_fragment(&[0, 0], 5), delayed_fragment(&[5, 15, 0], 5)];
        let mut stream = init.clone();
        let mut trailer = Vec::new();
        mp4_box(&mut trailer, *b"mfra", |out| put_u32(out, 0));
        for fragment in fragments.iter().chain([&trailer]) {
            stream.extend_from_slice(fragment);
        }
        let mut splitter = Splitter::new(1 << 20);
        let mut parts = Vec::new();
        let mut rest = stream.as_slice();
        for cut in cuts.into_iter().chain([stream.len()]) {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            rest = later;
            splitter.push(now);
            while let Some(part) = splitter.next_part().unwrap() {
                parts.push(part);
            }
        }
        let [first, second] = fragments;
        prop_assert_eq!(parts, [Part::Init(init), Part::Fragment(first), Part::Fragment(second)]);
        prop_assert!(splitter.finish().is_ok());
    }

    #[test]
    fn adts_frames_come_back_without_their_headers(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..30),
        protected in any::<bool>(),
    ) {
        let mut stream = Vec::new();
        for frame in &frames {
            let header = if protected { 9 } else { 7 };
            let length = u16::try_from(frame.len() + header).unwrap();
            stream.extend_from_slice(&[0xFF, if protected { 0xF0 } else { 0xF1 }, 0x4C]);
            let [high, low] = (length << 5).to_be_bytes();
            stream.extend_from_slice(&[0x80, high, low | 0x1F, 0xFC]);
            if protected {
                stream.extend_from_slice(&[0, 0]);
            }
            stream.extend_from_slice(frame);
        }
        let adts = Adts::parse(&stream).unwrap();
        prop_assert_eq!(adts.config, STEREO);
        prop_assert_eq!(adts.frames, frames.iter().map(Vec::as_slice).collect::<Vec<_>>());
        stream.pop();
        prop_assert!(Adts::parse(&stream).is_err());
    }
}
