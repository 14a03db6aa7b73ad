//! Films with some of their bits turned: each is refused with a sentence or becomes segments that
//! fit their plan, whatever it does to the decoders.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod clips;
mod upload;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use clips::{ffmpeg, tools};
use futures_util::{FutureExt as _, StreamExt as _};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use upload::{End, end_of, left_in_scratch};

/// How many mutants are made; more for a longer look.
const COUNT: &str = "MARQUEE_MUTANTS";
/// The number of the first.
const FIRST: &str = "MARQUEE_MUTANTS_FROM";
/// Where those that bring a worker down are kept, for whoever mends it.
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/mutants");

#[expect(
    clippy::disallowed_methods,
    reason = "how long to look is the caller's choice"
)]
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Two seconds in every container that is let in and can be written.
fn parents(folder: &Path) -> Vec<Vec<u8>> {
    let picture = "-f lavfi -i testsrc2=s=160x120:r=25:d=2";
    let sound = "-f lavfi -i sine=f=440:d=2:r=44100";
    let chapters = folder.join("chapters");
    std::fs::write(
        &chapters,
        ";FFMETADATA1\ntitle=a film\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=one\n",
    )
    .unwrap();
    let h264 = "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p";
    let ways = [
        format!("{picture} {sound} -i chapters -map_metadata 2 {h264} -c:a aac film.mp4"),
        format!("{picture} {sound} {h264} -c:a aac -movflags +frag_keyframe+empty_moov frag.mp4"),
        format!("{picture} {sound} -i chapters -map_metadata 2 {h264} -c:a libvorbis film.mkv"),
        format!("{picture} {sound} -c:v libvpx -deadline realtime -c:a libopus film.webm"),
        format!("{picture} {sound} {h264} -c:a aac film.ts"),
        format!("{picture} {sound} -c:v mpeg4 -c:a libmp3lame film.avi"),
        format!("{picture} {sound} -c:v mpeg2video -c:a mp2 film.mpg"),
        format!("{picture} {sound} {h264} -c:a aac film.flv"),
        format!("{picture} {sound} -c:v wmv2 -c:a wmav2 film.wmv"),
        format!("{picture} {sound} -c:v mjpeg -c:a pcm_s16le film.mov"),
        format!(
            "{picture} {sound} -c:v libx265 -preset ultrafast -x265-params log-level=none -c:a ac3 hevc.mkv"
        ),
        format!("{picture} film.gif"),
        format!("{sound} -c:a libmp3lame film.mp3"),
        format!("{sound} -c:a flac film.flac"),
        format!("{sound} -c:a libvorbis film.ogg"),
        format!("{sound} film.wav"),
        format!("{sound} -c:a aac film.aac"),
    ];
    let make = |way: &String| {
        ffmpeg(folder, way);
        std::fs::read(folder.join(way.rsplit(' ').next().unwrap())).unwrap()
    };
    ways.iter().map(make).collect()
}

/// Mutant `number`: the same for ever. Between one and fifty of a thousand bits are turned, in all
/// of the file or a part of it, for else most would no longer be recognised.
fn mutant(parents: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(number);
    let mut bytes = parents[random.random_range(0..parents.len())].clone();
    let ratio = 0.001 * 50_f64.powf(random.random());
    let part = bytes.len() >> random.random_range(0..10);
    let start = match random.random_range(0..3) {
        0 => 0,
        1 => bytes.len() - part,
        _ => random.random_range(0..=bytes.len() - part),
    };
    for byte in &mut bytes[start..start + part] {
        for bit in 0..8 {
            *byte ^= u8::from(random.random_bool(ratio)) << bit;
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turned_bits_bring_no_worker_down() {
    let folder = tempfile::tempdir().unwrap();
    let tools = tools(folder.path()).await;
    let parents = parents(folder.path());
    let first = setting(FIRST, 0);
    let numbers = first..first + setting(COUNT, 40);
    let (tools, parents, folder) = (&tools, &parents, folder.path());
    let runs = numbers.map(|number| async move {
        let path = folder.join(format!("mutant-{number}"));
        std::fs::write(&path, mutant(parents, number)).unwrap();
        let end = AssertUnwindSafe(end_of(tools, &path)).catch_unwind().await;
        if end.is_err() {
            std::fs::create_dir_all(KEPT).unwrap();
            std::fs::copy(&path, PathBuf::from(KEPT).join(number.to_string())).unwrap();
        }
        std::fs::remove_file(&path).unwrap();
        (number, end)
    });
    let mut ends = BTreeMap::<String, u64>::new();
    let mut fell = Vec::new();
    let mut runs = futures_util::stream::iter(runs).buffer_unordered(2);
    while let Some((number, end)) = runs.next().await {
        let what = match end {
            Ok(End::Refused { fault, said }) => {
                assert!(said.len() > 20, "{number}: {said}");
                let kind = said.split([':', '(', '[']).next().unwrap();
                if format!("{fault:?}") == "Ours" {
                    println!("{number}: {said}");
                }
                format!("{fault:?}: {kind:.60}")
            }
            Ok(End::Made { .. }) => "made".to_owned(),
            Err(_) => {
                fell.push(number);
                "fell".to_owned()
            }
        };
        *ends.entry(what).or_default() += 1;
    }
    println!("{ends:#?}");
    assert!(fell.is_empty(), "kept in {KEPT}: {fell:?}");
    assert_eq!(left_in_scratch(folder), Vec::<PathBuf>::new());
    assert!(ends.get("made").is_some_and(|made| *made > 0), "{ends:?}");
    assert!(ends.len() > 1, "{ends:?}");
}
