//! A deleted film is gone at once, and soon nothing of it is left anywhere.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use serde_json::{Value, json};
use system_tests::{Marquee, Objects, film, named};
use testkit::stage::eventually;

fn id_of(told: &Value) -> String {
    told["video_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_is_left_of_films_that_were_deleted_at_any_moment() {
    let marquee = Marquee::up().await;
    let folder = tempfile::tempdir().unwrap();
    let source = film::reencoded_clip(folder.path(), "bunny.mp4", 5);
    let clip = film::lavfi(folder.path(), "clip.mp4", 4, "25", "160x120");
    let objects = Objects::of(marquee.data());

    // One that is complete and stays, one that is complete, one that is being encoded, and one that is
    // being uploaded.
    let kept = marquee
        .upload(&clip, &["--wait", "complete"])
        .await
        .unwrap();
    let kept = id_of(&kept);
    let before = objects.list("").await;
    let complete = marquee
        .upload(
            &film::lavfi(folder.path(), "other.mp4", 4, "24", "160x120"),
            &["--wait", "complete"],
        )
        .await
        .unwrap();
    let encoding = marquee.upload(&source, &["--wait", "live"]).await.unwrap();
    let http = reqwest::Client::new();
    let announced = json!({"file_name": "x.mp4", "size_bytes": 100 << 20, "fingerprint": "x"});
    let begun = http.post(format!("{}/api/uploads", marquee.url()));
    let begun: Value = begun
        .json(&announced)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let uploading = id_of(&begun);
    marquee.video_in(&uploading, "uploading").await;
    let shown = marquee
        .get(&format!("/api/videos/{}", id_of(&complete)))
        .await
        .unwrap();
    let master = shown["hls_url"].as_str().unwrap().to_owned();

    let ids = [id_of(&complete), id_of(&encoding), uploading];
    for id in &ids {
        let url = format!("{}/api/videos/{id}", marquee.url());
        let answer = http.delete(&url).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(http.get(&url).send().await.unwrap().status(), 404);
    }
    let listed = marquee.get("/api/videos?state=all").await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    eventually("nothing is stored of what was deleted", async || {
        let left: Vec<String> = objects.list("").await.into_keys().collect();
        let left: Vec<_> = left
            .into_iter()
            .filter(|key| !before.contains_key(key))
            .collect();
        let open = objects.multiparts().await;
        let files = named(marquee.data(), &ids);
        let all = [left, open, files].concat();
        if all.is_empty() {
            Ok(())
        } else {
            Err(all.join("\n"))
        }
    })
    .await;
    assert_eq!(
        objects.list("").await,
        before,
        "the other film has all that it had"
    );
    let hls = http
        .get(format!("{}{master}", marquee.url()))
        .send()
        .await
        .unwrap();
    assert!(!hls.status().is_success(), "{}", hls.status());
    marquee.video_in(&kept, "live").await;
}
