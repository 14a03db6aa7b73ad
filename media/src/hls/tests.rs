//! The playlists under a parser that takes nothing on trust (RFC 8216 and its second edition).

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Bandwidth, Measured, audio_playlist, master, video_playlist};
use crate::grid::Grid;
use crate::plan::{ObjectRef, Plan};
use crate::testing::{any_grid, plan};
use crate::time::Micros;

type Attributes = BTreeMap<String, String>;

/// An attribute list; quoted values keep their quotes.
fn attributes(list: &str) -> Attributes {
    let mut found = Attributes::new();
    let mut rest = list;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').expect("a name and a value");
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-'),
            "{name}"
        );
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            let (value, after) = quoted.split_once('"').expect("a closing quote");
            (format!("\"{value}\""), after)
        } else {
            let end = after.find(',').unwrap_or(after.len());
            let (value, after) = after.split_at(end);
            assert!(!value.is_empty() && !value.contains([' ', '"']), "{value}");
            (value.to_owned(), after)
        };
        assert!(
            found.insert(name.to_owned(), value).is_none(),
            "{name} twice"
        );
        assert!(after.is_empty() || after.starts_with(','), "{after}");
        rest = after.strip_prefix(',').unwrap_or_default();
    }
    found
}

struct Master {
    media: Vec<Attributes>,
    variants: Vec<(Attributes, String)>,
}

fn parse_master(text: &str) -> Master {
    assert!(text.ends_with('\n') && !text.contains('\r') && !text.contains("\n\n"));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("#EXTM3U"));
    assert_eq!(lines.next(), Some("#EXT-X-VERSION:7"));
    assert_eq!(lines.next(), Some("#EXT-X-INDEPENDENT-SEGMENTS"));
    let mut master = Master {
        media: Vec::new(),
        variants: Vec::new(),
    };
    while let Some(line) = lines.next() {
        if let Some(list) = line.strip_prefix("#EXT-X-MEDIA:") {
            master.media.push(attributes(list));
        } else if let Some(list) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            let uri = lines.next().expect("an address after each variant");
            master.variants.push((attributes(list), uri.to_owned()));
        } else {
            panic!("unexpected line {line}");
        }
    }
    master
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|v| v.strip_suffix('"'))
        .expect("a quoted string")
}

fn assert_master_is_legal(plan: &Plan, text: &str) {
    let master = parse_master(text);
    assert!(!master.variants.is_empty());
    let names: BTreeSet<_> = master.media.iter().map(|media| &media["NAME"]).collect();
    assert_eq!(names.len(), master.media.len(), "names in a group differ");
    assert!(
        master
            .media
            .iter()
            .filter(|media| media["DEFAULT"] == "YES")
            .count()
            <= 1
    );
    let mut chosen = BTreeSet::new();
    for media in &master.media {
        assert_eq!(media["TYPE"], "AUDIO");
        assert!(media["DEFAULT"] == "NO" || media["AUTOSELECT"] == "YES");
        if media["AUTOSELECT"] == "YES" {
            assert!(
                chosen.insert(media.get("LANGUAGE")),
                "two automatic tracks in one language"
            );
        }
        assert!(unquoted(&media["CHANNELS"]).parse::<u32>().is_ok());
        let object: ObjectRef = unquoted(&media["URI"]).parse().expect("a relative address");
        assert!(plan.contains(&object));
    }
    for (variant, uri) in &master.variants {
        let number = |name: &str| variant[name].parse::<u64>().expect("a number");
        assert!(number("BANDWIDTH") >= number("AVERAGE-BANDWIDTH"));
        let codecs: Vec<_> = unquoted(&variant["CODECS"]).split(',').collect();
        assert_eq!(codecs.contains(&"mp4a.40.2"), !plan.audio.is_empty());
        let object: ObjectRef = uri.parse().expect("a relative address");
        assert!(plan.contains(&object));
        if let ObjectRef::VideoPlaylist(rung) = object {
            let rung = plan.rung(&rung).unwrap();
            assert!(codecs.contains(&rung.codec.as_str()));
            assert_eq!(
                variant["RESOLUTION"],
                format!("{}x{}", rung.size.width, rung.size.height)
            );
            let (whole, decimals) = variant["FRAME-RATE"].split_once('.').expect("decimals");
            assert!(whole.parse::<u32>().is_ok() && decimals.len() == 3);
        } else {
            assert!(!variant.contains_key("RESOLUTION"));
        }
        match variant.get("AUDIO") {
            Some(group) => assert!(master.media.iter().any(|media| &media["GROUP-ID"] == group)),
            None => assert!(master.media.is_empty()),
        }
    }
}

/// Segment lengths and the target duration.
fn parse_media(text: &str) -> (Vec<Micros>, i64) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("#EXTM3U"));
    let mut target = None;
    let mut tags = BTreeSet::new();
    let mut lengths = Vec::new();
    let mut ended = false;
    while let Some(line) = lines.next() {
        assert!(!ended, "nothing after the end");
        if let Some(length) = line.strip_prefix("#EXTINF:") {
            let length = length.strip_suffix(',').expect("a comma and no title");
            assert_eq!(length.split_once('.').expect("decimals").1.len(), 6);
            assert_eq!(
                lines.next(),
                Some(format!("{}.m4s", lengths.len()).as_str())
            );
            lengths.push(Micros::parse_seconds(length).unwrap());
        } else if line == "#EXT-X-ENDLIST" {
            ended = true;
        } else {
            assert!(lengths.is_empty(), "{line} comes before the segments");
            assert!(tags.insert(line.to_owned()));
            if let Some(seconds) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
                target = seconds.parse().ok();
            }
        }
    }
    assert!(ended);
    for needed in [
        "#EXT-X-VERSION:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-MAP:URI=\"init.mp4\"",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ] {
        assert!(tags.contains(needed), "{needed}");
    }
    (lengths, target.expect("a target duration"))
}

fn assert_playlists_are_legal(plan: &Plan) {
    let grid = &plan.grid;
    let (video, video_target) = parse_media(&video_playlist(plan));
    let (audio, audio_target) = parse_media(&audio_playlist(plan));
    assert_eq!(
        video_target, audio_target,
        "all playlists announce the same"
    );
    for lengths in [&video, &audio] {
        assert_eq!(lengths.len(), grid.segment_count as usize);
        for length in lengths {
            assert!(length.0 > 0 && (length.0 + 500_000) / 1_000_000 <= video_target);
        }
    }
    let total = |lengths: &[Micros]| lengths.iter().fold(Micros::ZERO, |sum, next| sum + *next);
    assert_eq!(total(&video), plan.duration());
    assert!((total(&audio) - plan.duration()).0 <= 21_334);
}

#[test]
fn a_film_with_several_tracks_is_announced_whole() {
    let plan = plan(true, 4, 100);
    let text = master(&plan, &Measured::default());
    assert_master_is_legal(&plan, &text);
    let parsed = parse_master(&text);
    assert_eq!((parsed.media.len(), parsed.variants.len()), (4, 5));
    assert_eq!(parsed.media[0]["LANGUAGE"], "\"en\"");
    assert_eq!(parsed.media[1]["NAME"], "\"Rock & 'Roll' <1>\"");
    assert_eq!(parsed.variants[0].0["FRAME-RATE"], "25.000");
    assert_playlists_are_legal(&plan);
}

#[test]
fn films_of_picture_or_sound_only_are_announced_too() {
    for (video, tracks) in [(true, 0), (true, 1), (false, 1), (false, 2)] {
        let plan = plan(video, tracks, 9);
        assert_master_is_legal(&plan, &master(&plan, &Measured::default()));
        assert_playlists_are_legal(&plan);
    }
}

#[test]
fn what_was_measured_replaces_what_was_estimated() {
    let plan = plan(true, 1, 20);
    let mut measured = Measured::default();
    measured.video.insert(
        "240p".to_owned(),
        Bandwidth {
            peak: 300_000,
            average: 200_000,
        },
    );
    measured.audio.insert(
        0,
        Bandwidth {
            peak: 130_000,
            average: 128_000,
        },
    );
    let parsed = parse_master(&master(&plan, &measured));
    assert_eq!(parsed.variants[0].0["BANDWIDTH"], "430000");
    assert_eq!(parsed.variants[0].0["AVERAGE-BANDWIDTH"], "328000");
    let seconds = Micros::from_secs;
    let whole = Bandwidth::measure([(1000, seconds(4)), (4000, seconds(4)), (100, seconds(1))]);
    assert_eq!(
        whole,
        Some(Bandwidth {
            peak: 8000,
            average: 4534
        })
    );
}

#[test]
fn rates_have_three_decimals() {
    let mut plan = plan(true, 0, 10);
    for (rate, written) in [
        ("24000/1001", "23.976"),
        ("30000/1001", "29.970"),
        ("60000/1001", "59.940"),
    ] {
        plan.grid = Grid::new(rate.parse().unwrap(), 1000);
        assert!(master(&plan, &Measured::default()).contains(&format!("FRAME-RATE={written},")));
    }
}

proptest! {
    #[test]
    fn the_playlists_of_any_film_are_legal(grid in any_grid()) {
        let mut plan = plan(true, 1, 10);
        plan.grid = grid;
        assert_playlists_are_legal(&plan);
    }

    #[test]
    fn no_title_breaks_the_master(title in "\\PC*|[\"\\n\\r,=#]{1,10}") {
        let mut plan = plan(true, 2, 10);
        plan.audio[1].title = title;
        assert_master_is_legal(&plan, &master(&plan, &Measured::default()));
    }
}
