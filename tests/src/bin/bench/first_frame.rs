//! From `complete` to the first audio and video segment, served by the edge and decodable.

use std::path::Path;

use system_tests::{Marquee, film};

use crate::client::Client;
use crate::peer;
use crate::table::{line, median, seconds};

/// Clips of 5.3 s that make up 10 s, 1 min, 10 min and 1 h.
const SOURCES: [(&str, u32); 4] = [("10 s", 2), ("1 min", 12), ("10 min", 114), ("1 h", 680)];

/// How often each is measured.
const ROUNDS: usize = 5;

pub(crate) async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    line("| source | Marquee | ffmpeg, that segment | ratio |");
    line("| --- | --- | --- | --- |");
    let mut medians = Vec::new();
    for (name, times) in SOURCES {
        let source = film::looped_clip(folder.path(), &format!("{times}.mp4"), times);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(marquee(&source, folder.path()).await);
            theirs.push(peer::first_segment(&source, folder.path()));
        }
        let (ours, theirs) = (median(&ours), median(&theirs));
        line(&format!(
            "| {name} | {} | {} | {:.2}× |",
            seconds(ours),
            seconds(theirs),
            ours / theirs
        ));
        medians.push(ours);
        std::fs::remove_file(&source).expect("our own file");
    }
    if let [_, minute, _, hour] = medians.as_slice() {
        line(&format!("\n1 h against 1 min: {:.2}×", hour / minute));
    }
}

/// A fresh instance each time, so that the rest of one film does not slow the next.
async fn marquee(source: &Path, folder: &Path) -> f64 {
    let mut marquee = Marquee::up().await;
    let client = Client::new(marquee.url());
    let (_video, taken) = measure(&client, source, folder).await;
    marquee.kill().await;
    taken
}

/// Uploads `source`; the film's id, and the seconds from `complete` to its first segments.
pub(crate) async fn measure(client: &Client, source: &Path, folder: &Path) -> (String, f64) {
    let uploaded = client.upload(source).await;
    let (picture, sound) = client.first_segments(&uploaded.video_id).await;
    let taken = uploaded.completed.elapsed().as_secs_f64();
    for (name, bytes) in [("picture.mp4", picture), ("sound.mp4", sound)] {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("room");
        film::decode(path.to_str().expect("UTF-8"));
    }
    (uploaded.video_id, taken)
}
