//! `kill -9` at any moment: nothing is lost, nothing happens twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use rand::Rng as _;
use system_tests::{Marquee, Objects, film, marquee::command_plain};
use testkit::stage::eventually;

/// How often the whole process is killed in one run.
const KILLS: usize = 10;

/// All that is stored of a video, by key without its id; the sizes of what does not depend on which
/// task made it: the source, the plan, playlists and init segments. A segment's size does, because
/// what an encoder makes of it depends on what it saw before.
async fn stored(data: &Path, id: &str) -> BTreeMap<String, Option<u64>> {
    let objects = Objects::of(data).list("").await.into_iter();
    let of_it = objects.filter(|(key, _)| key.contains(id));
    let same = |key: &str| {
        let ends = ["/source", "/plan.json", "/init.mp4", "/playlist.m3u8"];
        ends.iter().any(|end| key.ends_with(end))
    };
    of_it
        .map(|(key, size)| {
            let size = same(&key).then_some(size);
            (key.replace(id, "{id}"), size)
        })
        .collect()
}

/// How many working folders there are, which is one for each user of them that lives, and the names
/// of what lies in them; films that are staged are numbered, and kept while there is room.
fn scratch(data: &Path) -> (usize, BTreeSet<String>) {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let homes = ["scratch", "staging"].map(|name| data.join(name));
    let folders = homes.iter().flat_map(|home| entries(home));
    let folders: Vec<_> = folders.map(|entry| entry.path()).collect();
    let inside = folders.iter().flat_map(|folder| entries(folder));
    let names = inside.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let names = names.map(|name| name.trim_end_matches(char::is_numeric).to_owned());
    (folders.len(), names.collect())
}

#[tokio::test]
async fn killed_at_random_moments_every_film_arrives_once() {
    let data = tempfile::tempdir().unwrap();
    let films = tempfile::tempdir().unwrap();
    let mut marquee = Marquee::up_on(data.path()).await;
    // The address has to stay, as it would behind a name.
    let listen = marquee.url().trim_start_matches("http://").to_owned();
    let mut uploads = Vec::new();
    for number in 0..3 {
        let source = film::lavfi(
            films.path(),
            &format!("film-{number}.mp4"),
            24,
            "25",
            "640x360",
        );
        let child = command_plain(["upload", "--json", "--wait", "complete", "--server"])
            .arg(marquee.url())
            .arg(&source)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        uploads.push(child);
    }
    for _ in 0..KILLS {
        let pause = rand::rng().random_range(100..1500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        marquee.kill().await;
        marquee = Marquee::up_on_with(data.path(), &["--listen", &listen]).await;
    }

    let mut ids = BTreeSet::new();
    for upload in uploads {
        let output = upload.wait_with_output().await.unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{complaint}");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        ids.insert(told["video_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 3);
    let all = marquee.get("/api/videos?state=all").await.unwrap();
    assert_eq!(
        all["items"].as_array().unwrap().len(),
        3,
        "nothing twice: {all}"
    );

    for id in &ids {
        let video = marquee.get(&format!("/api/videos/{id}")).await.unwrap();
        let address = format!("{}{}", marquee.url(), video["hls_url"].as_str().unwrap());
        for stream in film::streams(&address) {
            if stream["codec_type"] == "video" {
                assert_eq!(stream["nb_read_packets"], "600", "{id}: {stream}");
            }
        }
        film::decode(&address);
        eventually("the film is found", async || {
            let found = marquee.get("/api/search?q=film").await?;
            let items = found["items"].as_array()?.clone();
            items
                .iter()
                .any(|item| item["video_id"] == id.as_str())
                .then_some(())
        })
        .await;
    }
    let undisturbed = Marquee::up().await;
    let source = films.path().join("film-0.mp4");
    let told = undisturbed.upload(&source, &["--wait", "complete"]).await;
    let told = told.unwrap_or_else(|problem| panic!("{problem}"));
    let expected = stored(undisturbed.data(), told["video_id"].as_str().unwrap()).await;
    for id in &ids {
        assert_eq!(stored(data.path(), id).await, expected, "{id}");
    }
    let objects = Objects::of(data.path());
    assert_eq!(objects.list("").await.len(), expected.len() * ids.len());
    assert_eq!(objects.multiparts().await, Vec::<String>::new());
    let clean = scratch(undisturbed.data());
    assert_eq!(scratch(data.path()), clean, "dead processes left something");
}
