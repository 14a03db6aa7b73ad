//! A film gets another file and keeps its address: the old one plays until the new one does, and then
//! goes without a trace.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use serde_json::{Value, json};
use system_tests::{Marquee, Objects, Uploader, film, named};
use testkit::stage::eventually;

/// What was replaced is let go of after some seconds, not hours.
const SOON: [(&str, &str); 1] = [("MARQUEE__POST_PROCESSOR__KEEP_REPLACED_S", "5")];

async fn shown(marquee: &Marquee, id: &str) -> Value {
    marquee.get(&format!("/api/videos/{id}")).await.unwrap()
}

fn master(marquee: &Marquee, video: &Value) -> String {
    format!("{}{}", marquee.url(), video["hls_url"].as_str().unwrap())
}

/// Waits until of the video `id` nothing is stored, here or on edges, but its `revision`.
async fn only(marquee: &Marquee, id: &str, revision: u32) {
    let objects = Objects::of(marquee.data());
    let of_it = |key: &str| {
        let [raw, media] = ["raw", "media"].map(|kind| format!("{kind}/{id}/{revision}/"));
        key.starts_with(&raw) || key.starts_with(&media)
    };
    let others: Vec<_> = (1..10).filter(|one| *one != revision).collect();
    let others: Vec<_> = others.iter().map(|one| format!("{id}/{one}/")).collect();
    eventually("nothing is left of other revisions", async || {
        let stored = objects.of_video(id).await;
        let mut left: Vec<_> = stored.into_iter().filter(|key| !of_it(key)).collect();
        left.extend(named(marquee.data(), &others));
        if left.is_empty() {
            Ok(())
        } else {
            Err(left.join("\n"))
        }
    })
    .await;
}

#[tokio::test]
async fn a_film_plays_on_while_its_file_is_replaced_and_nothing_stays_of_the_old_one() {
    let marquee = Marquee::up_with(&SOON).await;
    let folder = tempfile::tempdir().unwrap();
    let old = film::lavfi(folder.path(), "old.mp4", 4, "25", "160x120");
    let new = film::lavfi(folder.path(), "new.mp4", 30, "24", "320x240");
    let told = marquee.upload(&old, &["--visibility", "unlisted", "--wait", "complete"]);
    let id = told.await.unwrap()["video_id"].as_str().unwrap().to_owned();
    let before = shown(&marquee, &id).await;
    assert_eq!(before["visibility"], "unlisted");
    let old_master = master(&marquee, &before);

    let http = reqwest::Client::new();
    let arguments = ["--replace", &id, "--wait", "complete"];
    let mut replacing = std::pin::pin!(marquee.upload(&new, &arguments));
    let mut meanwhile = 0;
    let replaced = loop {
        tokio::select! {
            done = &mut replacing => break done.unwrap(),
            video = shown(&marquee, &id) => {
                assert_eq!(video["state"], "live");
                let status = http.get(master(&marquee, &video)).send().await.unwrap().status();
                assert_eq!(status, 200, "{video}");
                meanwhile += u32::from(video["revision"] == 1 && video["replacement"].is_object());
            }
        }
    };
    assert!(
        meanwhile > 0,
        "the old one was watched while the new one was made"
    );
    assert_eq!(replaced["video_id"], id.as_str());
    let after = shown(&marquee, &id).await;
    assert_eq!(
        (&after["revision"], &after["replacement"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(after["title"], before["title"]);
    assert_eq!(after["visibility"], "unlisted");
    assert_eq!(film::frames(&master(&marquee, &after)), [720]);
    only(&marquee, &id, 2).await;
    let gone = http.get(&old_master).send().await.unwrap().status();
    assert!(!gone.is_success(), "{gone}");
    assert_eq!(film::frames(&master(&marquee, &after)), [720]);

    // What is no film changes nothing, and says why.
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "no film".repeat(1000)).unwrap();
    let refused = marquee
        .upload(&text, &["--replace", &id])
        .await
        .unwrap_err();
    let still = shown(&marquee, &id).await;
    assert_eq!(
        (&still["revision"], &still["state"]),
        (&json!(2), &json!("live"))
    );
    assert_eq!(still["replacement"]["problem"]["detail"], refused["detail"]);
    only(&marquee, &id, 2).await;
    assert_eq!(film::frames(&master(&marquee, &still)), [720]);
}

#[tokio::test]
async fn of_a_film_that_is_deleted_while_its_file_is_replaced_nothing_is_left() {
    let marquee = Marquee::up_with(&SOON).await;
    let folder = tempfile::tempdir().unwrap();
    let old = film::lavfi(folder.path(), "old.mp4", 4, "25", "160x120");
    let new = film::lavfi(folder.path(), "new.mp4", 60, "25", "640x360");
    let told = marquee.upload(&old, &["--wait", "live"]).await.unwrap();
    let id = told["video_id"].as_str().unwrap().to_owned();
    let announcement = json!({"file_name": "new.mp4", "fingerprint": "new", "replaces": id});
    let content = std::fs::read(&new).unwrap();
    let uploader = Uploader::new(marquee.url());
    uploader.upload(announcement, &content).await;
    eventually("it is being made", async || {
        let video = shown(&marquee, &id).await;
        let done = video["replacement"]["progress"]["segments_done"].as_u64();
        done.is_some_and(|done| done > 0).then_some(()).ok_or(video)
    })
    .await;
    let http = reqwest::Client::new();
    let url = format!("{}/api/videos/{id}", marquee.url());
    assert_eq!(http.delete(&url).send().await.unwrap().status(), 204);
    let objects = Objects::of(marquee.data());
    eventually("nothing is left", async || {
        let mut left = objects.of_video(&id).await;
        left.extend(named(marquee.data(), std::slice::from_ref(&id)));
        if left.is_empty() {
            Ok(())
        } else {
            Err(left.join("\n"))
        }
    })
    .await;
}

#[tokio::test]
async fn killed_while_a_file_is_replaced_it_goes_on_and_the_last_of_two_wins() {
    let data = tempfile::tempdir().unwrap();
    let mut marquee = Marquee::up_on_as(data.path(), &[], &SOON).await;
    let listen = marquee.url().trim_start_matches("http://").to_owned();
    let folder = tempfile::tempdir().unwrap();
    let clip = |name, seconds| film::lavfi(folder.path(), name, seconds, "25", "160x120");
    let old = clip("old.mp4", 4);
    let told = marquee.upload(&old, &["--wait", "live"]);
    let id = told.await.unwrap()["video_id"].as_str().unwrap().to_owned();
    for (name, seconds) in [("second.mp4", 40), ("third.mp4", 20)] {
        let content = std::fs::read(clip(name, seconds)).unwrap();
        let announcement = json!({"file_name": name, "fingerprint": name, "replaces": id});
        let uploader = Uploader::new(marquee.url());
        uploader.upload(announcement, &content).await;
        marquee.kill().await;
        marquee = Marquee::up_on_as(data.path(), &["--listen", &listen], &SOON).await;
    }
    eventually("the last one is watched", async || {
        let video = shown(&marquee, &id).await;
        (video["revision"] == 3).then_some(()).ok_or(video)
    })
    .await;
    only(&marquee, &id, 3).await;
    let video = shown(&marquee, &id).await;
    assert_eq!(film::frames(&master(&marquee, &video)), [500]);
}
