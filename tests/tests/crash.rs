//! `kill -9` at any moment: nothing is lost, nothing happens twice.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::Rng as _;
use system_tests::{Marquee, film, marquee::command_plain, wait_for};

/// How often the whole process is killed in one run.
const KILLS: usize = 10;

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
        wait_for("the film to be found", async || {
            let found = marquee.get("/api/search?q=film").await?;
            let items = found["items"].as_array()?.clone();
            items
                .iter()
                .any(|item| item["video_id"] == id.as_str())
                .then_some(())
        })
        .await;
    }
}
