//! What cannot be watched is refused with a sentence that says what to do, and nothing is left.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use system_tests::{Marquee, Objects, film};
use testkit::services::from_service_with;
use testkit::stage::eventually;

async fn refused(marquee: &Marquee, file: &Path) -> Value {
    let problem = marquee
        .upload(file, &["--wait", "complete"])
        .await
        .unwrap_err();
    let sentence = problem["detail"].as_str().unwrap_or_default();
    assert!(
        sentence.len() > 20 && sentence.ends_with('.'),
        "{}: {problem}",
        file.display()
    );
    problem
}

#[tokio::test]
async fn what_is_no_film_fails_with_a_sentence_and_the_rest_goes_on() {
    let marquee = Marquee::up().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let good = film::lavfi(folder.path(), "good.mp4", 2, "25", "320x240");
    let bytes = std::fs::read(&good).unwrap();

    refused(&marquee, &write("empty.mp4", b"")).await;
    refused(
        &marquee,
        &write("letter.mp4", &b"Dear Sir or Madam, ".repeat(1000)),
    )
    .await;
    refused(
        &marquee,
        &write("truncated.mp4", &bytes[..bytes.len() / 10]),
    )
    .await;
    let hostile = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nfile:///etc/passwd\n";
    refused(&marquee, &write("playlist.mp4", hostile)).await;

    let told = marquee
        .upload(&good, &["--wait", "complete"])
        .await
        .unwrap();
    assert_eq!(told["state"], "live");
    let listed = marquee.get("/api/videos").await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let failed = marquee.get("/api/videos?state=all").await.unwrap();
    let failed = failed["items"].as_array().unwrap().iter();
    let failed: Vec<&Value> = failed.filter(|one| one["state"] == "failed").collect();
    assert_eq!(failed.len(), 3, "the empty file never was a video");
    for video in failed {
        nothing_stays(&marquee, video["video_id"].as_str().unwrap()).await;
    }
}

/// Nothing is stored of a refused video: no object, no part, no copy on the edge, no task.
async fn nothing_stays(marquee: &Marquee, id: &str) {
    let objects = Objects::of(marquee.data());
    eventually(&format!("nothing is stored of {id}"), async || {
        objects.of_video(id).await.is_empty()
    })
    .await;
    eventually(&format!("the edge has nothing of {id}"), async || {
        let files = files_below(&marquee.data().join("edge"));
        let of_it = |path: &PathBuf| path.to_string_lossy().contains(id);
        !files.iter().any(of_it)
    })
    .await;
    let at = marquee.data().join("run/transcoder.url");
    let at = std::fs::read_to_string(at).unwrap();
    let key = marquee.data().join("run/service.key");
    let tasks = format!("{}/internal/tasks", at.trim_end_matches('/'));
    eventually(&format!("no task is left of {id}"), async || {
        let asked = from_service_with(reqwest::Client::new().get(&tasks), &key);
        let tasks: Value = asked.send().await.ok()?.json().await.ok()?;
        let items = tasks["items"].as_array()?;
        (!items.iter().any(|task| task["video_id"] == id)).then_some(())
    })
    .await;
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // What is being deleted may be gone by now.
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

#[tokio::test]
async fn requests_that_make_no_sense_are_answered_with_problem_documents() {
    let marquee = Marquee::up().await;
    let http = reqwest::Client::new();
    let url = marquee.url();
    let unknown = "a".repeat(26);
    let huge = json!({ "file_name": "x.mp4", "size_bytes": 1_u64 << 50, "fingerprint": "f" });
    let cases = [
        (http.get(format!("{url}/api/nothing")), 404),
        (http.get(format!("{url}/api/videos/{unknown}")), 404),
        (
            http.get(format!("{url}/api/videos/..%2f..%2fetc%2fpasswd")),
            404,
        ),
        (http.get(format!("{url}/api/uploads/{unknown}")), 404),
        (http.post(format!("{url}/api/uploads")).body("{"), 400),
        (http.post(format!("{url}/api/uploads")).json(&huge), 413),
        (
            http.post(format!("{url}/api/uploads/{unknown}/parts"))
                .json(&json!({"parts": []})),
            404,
        ),
        (
            http.post(format!("{url}/api/uploads/{unknown}/complete"))
                .json(&json!({})),
            404,
        ),
        (
            http.get(format!("{url}/v/public/{unknown}/1/master.m3u8")),
            403,
        ),
        (
            http.get(format!("{url}/internal/videos/{unknown}/availability")),
            404,
        ),
        (
            http.get(format!("{url}/origin/{unknown}/1/master.m3u8")),
            404,
        ),
    ];
    for (request, status) in cases {
        let request = request
            .header("content-type", "application/json")
            .build()
            .unwrap();
        let what = format!("{} {}", request.method(), request.url());
        let answer = http.execute(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{what}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{what}"
        );
        let problem: Value = answer.json().await.unwrap();
        assert!(
            problem["request_id"]
                .as_str()
                .is_some_and(|id| !id.is_empty()),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn parts_that_were_not_agreed_on_and_completions_without_parts_are_refused() {
    let marquee = Marquee::up().await;
    let http = reqwest::Client::new();
    let post = async |path: String, body: Value| {
        http.post(format!("{}{path}", marquee.url()))
            .json(&body)
            .send()
            .await
            .unwrap()
    };
    let upload = json!({ "file_name": "x.mp4", "size_bytes": 10, "fingerprint": "f" });
    let created: Value = post("/api/uploads".to_owned(), upload)
        .await
        .json()
        .await
        .unwrap();
    let id = created["upload_id"].as_str().unwrap();
    let wrong = json!({ "parts": [{ "number": 7, "size_bytes": 10, "crc32c": "AAAAAA==" }] });
    assert_eq!(
        post(format!("/api/uploads/{id}/parts"), wrong)
            .await
            .status()
            .as_u16(),
        400
    );
    assert_eq!(
        post(format!("/api/uploads/{id}/complete"), json!({}))
            .await
            .status()
            .as_u16(),
        409
    );
}
