//! A film cut into pieces has every frame of the film once, whatever the source.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a failed test should panic"
)]

mod clips;

use std::path::Path;

use clips::{assemble, counting_film, encode_all, ffmpeg, numbers, plan, staged, tools};

/// Encodes `film` segment by segment and as a whole; gives the numbers of both.
async fn both_ways(folder: &Path, film: &Path) -> (Vec<u32>, Vec<u32>, u64) {
    let tools = tools(folder).await;
    let source = staged(film);
    let plan = plan(&tools, &source, &[90, 180]).await;
    let mut read = Vec::new();
    for step in [1, plan.grid.segment_count] {
        let outputs = encode_all(&tools, &plan, &source, step).await;
        let parts: Vec<_> = outputs
            .iter()
            .map(|output| output.rungs.last().unwrap())
            .collect();
        let path = folder.join("assembled.mp4");
        assemble(&path, &parts);
        read.push(numbers(&path));
    }
    let whole = read.pop().unwrap();
    (read.pop().unwrap(), whole, plan.grid.total_frames)
}

fn count_up(frames: u32) -> Vec<u32> {
    (0..frames).collect()
}

#[tokio::test]
async fn every_rate_keeps_every_frame() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, frames) in [
        ("25", 250),
        ("30000/1001", 300),
        ("24000/1001", 240),
        ("50", 500),
        ("60", 600),
    ] {
        let film = counting_film(folder.path(), "film.mp4", rate, 10);
        let (pieces, whole, planned) = both_ways(folder.path(), &film).await;
        assert_eq!(planned, frames, "{rate}");
        assert_eq!(pieces, count_up(frames as u32), "{rate}");
        assert_eq!(whole, pieces, "{rate}");
    }
}

#[tokio::test]
async fn every_container_keeps_every_frame() {
    let folder = tempfile::tempdir().unwrap();
    let film = counting_film(folder.path(), "film.mp4", "30000/1001", 10);
    let ways = [
        ("copy.mkv", "-c copy"),
        ("copy.ts", "-c copy"),
        ("copy.flv", "-c copy"),
        ("late.mp4", "-c copy -output_ts_offset 3.33"),
        (
            "open.mp4",
            "-c:v libx264 -preset ultrafast -bf 3 -g 60 -x264-params open-gop=1:scenecut=0 -c:a copy",
        ),
        ("ps.mpg", "-c:v mpeg2video -q:v 3 -bf 2 -g 15 -c:a mp2"),
        ("xvid.avi", "-c:v mpeg4 -q:v 3 -bf 2 -g 50 -c:a mp3"),
        (
            "fields.mkv",
            "-vf setfield=tff -c:v mpeg2video -q:v 3 -bf 2 -g 15 -flags +ildct+ilme -c:a copy",
        ),
        (
            "web.webm",
            "-c:v libvpx -b:v 500k -cpu-used 8 -deadline realtime -c:a libopus",
        ),
    ];
    for (name, how) in ways {
        ffmpeg(
            folder.path(),
            &format!("-i {} {how} {name}", film.display()),
        );
        let (pieces, whole, planned) = both_ways(folder.path(), &folder.path().join(name)).await;
        assert_eq!(pieces, count_up(300), "{name}");
        assert_eq!(whole, pieces, "{name}");
        assert_eq!(planned, 300, "{name}");
    }
}

#[tokio::test]
async fn varying_frame_durations_become_constant_the_same_way_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let film = counting_film(folder.path(), "film.mp4", "60", 10);
    let drops = "select='not(eq(mod(n,7),3))*not(between(n,200,280))'";
    for name in ["vfr.mp4", "vfr.mkv"] {
        ffmpeg(
            folder.path(),
            &format!(
                "-i {} -vf \"{drops}\" -fps_mode vfr -c:v libx264 -preset ultrafast -bf 3 -c:a copy {name}",
                film.display()
            ),
        );
        let (pieces, whole, planned) = both_ways(folder.path(), &folder.path().join(name)).await;
        assert_eq!(pieces.len() as u64, planned, "{name}");
        assert_eq!(whole, pieces, "{name}");
        assert!(pieces.is_sorted(), "{name}: {pieces:?}");
    }
}

#[tokio::test]
async fn above_sixty_frames_a_second_every_second_one_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let film = counting_film(folder.path(), "film.mp4", "120", 9);
    ffmpeg(
        folder.path(),
        &format!("-i {} -c copy fast.mkv", film.display()),
    );
    let (pieces, whole, _) = both_ways(folder.path(), &folder.path().join("fast.mkv")).await;
    let steps: Vec<_> = pieces.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(steps.iter().take(535).all(|step| *step == 2), "{steps:?}");
    assert_eq!(whole, pieces);
}
