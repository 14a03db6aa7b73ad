//! A backup is made while films come in; then all is lost, and put back elsewhere.

use std::path::Path;

use serde_json::{Value, json};
use system_tests::{Marquee, Uploader, film, marquee};
use testkit::stage::eventually;

/// What the command says; it must succeed.
pub(crate) async fn admin(
    data: &Path,
    variables: &[(String, String)],
    arguments: [&str; 2],
) -> String {
    let output = marquee::command(data, ["admin"].iter().chain(&arguments))
        .envs(variables.iter().cloned())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaint}");
    said
}

/// The film plays to its end, with all its frames.
async fn plays(marquee: &Marquee, id: &str, frames: u64) {
    let video = eventually(&format!("{id} is complete"), async || {
        let video = marquee.get(&format!("/api/videos/{id}")).await;
        let video = video.ok_or("not to be seen")?;
        if video["complete"] == true && video["state"] == "live" {
            Ok(video)
        } else {
            Err(video["state"].to_string())
        }
    })
    .await;
    let url = format!("{}{}", marquee.url(), video["hls_url"].as_str().unwrap());
    let played = tokio::task::spawn_blocking(move || film::frames(&url));
    let played = played.await.unwrap();
    assert!(!played.is_empty());
    assert!(played.iter().all(|found| *found == frames), "{played:?}");
}

fn id(told: &Value) -> String {
    told["video_id"].as_str().unwrap().to_owned()
}

/// `variables` says which engines a data folder has.
pub(crate) async fn tell(variables: impl Fn(&Path) -> Vec<(String, String)>) {
    let films = tempfile::tempdir().unwrap();
    let clip = |name: &str| film::lavfi(films.path(), name, 4, "25", "320x240");
    let (early, late, open) = (clip("early.mp4"), clip("late.mp4"), clip("open.mp4"));
    let content = std::fs::read(open).unwrap();
    let backup = films.path().join("backup");
    let backup = backup.to_str().unwrap();

    let before = tempfile::tempdir().unwrap();
    let engines = variables(before.path());
    let mut marquee = Marquee::up_on_engines(before.path(), &engines).await;
    let complete = ["--title", "Morning on the meadow", "--wait", "complete"];
    let watched = id(&marquee.upload(&early, &complete).await.unwrap());
    let announcement =
        json!({ "file_name": "open.mp4", "fingerprint": "open", "publish_policy": "playable" });
    let uploader = Uploader::new(marquee.url());
    let upload = uploader.begin(announcement.clone(), &content).await;
    uploader.send_missing(&upload, &content).await;
    // Nobody has looked into it when the backup begins.
    let acknowledged = marquee.upload(&late, &["--wait", "none"]).await.unwrap();
    let busy = async {
        loop {
            marquee.upload(&early, &["--wait", "none"]).await.unwrap();
        }
    };
    let said = tokio::select! {
        said = admin(before.path(), &engines, ["backup", backup]) => said,
        () = busy => panic!("it goes on for ever"),
    };
    assert!(said.contains("the backup is whole"), "{said}");
    marquee.kill().await;
    drop(marquee);
    before.close().unwrap();

    let after = tempfile::tempdir().unwrap();
    let data = after.path().join("data");
    let engines = variables(&data);
    let said = admin(&data, &engines, ["restore", backup]).await;
    assert!(said.contains("restored"), "{said}");
    let marquee = Marquee::up_on_engines(&data, &engines).await;
    plays(&marquee, &watched, 100).await;
    plays(&marquee, &id(&acknowledged), 100).await;
    let uploader = Uploader::new(marquee.url());
    let again = uploader.upload(announcement, &content).await;
    assert_eq!(again["upload_id"], upload["upload_id"]);
    plays(&marquee, &id(&upload), 100).await;
    let found = eventually("the film is found", async || {
        let found = marquee.get("/api/search?q=medow").await?;
        found["items"].get(0).cloned()
    })
    .await;
    assert_eq!(found["video_id"], watched.as_str());
}
