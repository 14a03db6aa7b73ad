//! Requests are refused with a reason, and of a file that is no film nothing stays.

use ingress::Config;
use platform_blob::PutOptions;
use platform_bus::{Topic, publish_event};
use reqwest::Method;
use schemas::v1::VideoFailed;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId};
use serde_json::{Value, json};
use testkit::stage::eventually;

use crate::common::{Film, Service, address, calm, part, sweeping};

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        max_size_bytes: 100 << 20,
        ..calm()
    };
    let service = Service::start(dir.path(), config).await;
    let film = Film::new();
    let with = |key: &str, value: Value| {
        let mut body = film.announcement();
        body[key] = value;
        body
    };
    let cases = [
        (with("size_bytes", json!(0)), 400, "empty"),
        (with("size_bytes", json!((100 << 20) + 1)), 413, "100 MiB"),
        (with("size_bytes", json!(u64::MAX)), 413, "100 MiB"),
        (with("size_bytes", json!(-1)), 400, "JSON"),
        (with("file_name", json!("\u{0}\n")), 400, "no name"),
        (with("file_name", json!("x".repeat(1025))), 400, "1024"),
        (with("fingerprint", json!("")), 400, "fingerprint"),
        (with("fingerprint", json!("a\u{0}b")), 400, "fingerprint"),
        (with("title", json!("x".repeat(201))), 400, "200"),
        (with("description", json!("x".repeat(5001))), 400, "5000"),
        (with("publish_policy", json!("never")), 400, "JSON"),
        (with("visibility", json!("shared")), 400, "JSON"),
        (json!([]), 400, "JSON"),
    ];
    for (body, expected, word) in cases {
        let (status, problem) = service.post("/api/uploads", &body).await;
        assert_eq!(status, expected, "{body}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{detail}");
        assert!(problem["request_id"].is_string());
    }
    assert_eq!(service.count("videos").await, 0);

    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    let at = format!("{}/parts", address(&upload));
    let many: Vec<Value> = (0..101).map(|_| part(1, &film.part(1))).collect();
    let mut unsummed = part(3, &film.part(3));
    unsummed["crc32c"] = json!("AAAA");
    for (parts, word) in [
        (json!([]), "1 to 100"),
        (json!(many), "1 to 100"),
        (json!([part(0, b"x")]), "no part 0"),
        (json!([part(4, b"x")]), "no part 4"),
        (json!([part(3, b"x")]), "1000 bytes"),
        (json!([unsummed]), "crc32c"),
    ] {
        let (status, problem) = service.post(&at, &json!({"parts": parts})).await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!((status, detail.contains(word)), (400, true), "{detail}");
    }
    service.stop().await;
}

/// Says that nothing can be made of the video that `upload` became.
async fn fail(service: &Service, upload: &Value, source_refused: bool) {
    let video = upload["video_id"].as_str().unwrap();
    let failed = VideoFailed {
        video_id: video.to_owned(),
        source_refused,
        ..VideoFailed::default()
    };
    let event = NewEvent::new(OwnerId::local(), Payload::VideoFailed(failed));
    let event = event.stamp(0, &mut rand::rng());
    let bus: std::sync::Arc<dyn platform_bus::Bus> = std::sync::Arc::new(service.bus.clone());
    publish_event(&bus, Topic::Videos, video, &event)
        .await
        .unwrap();
}

async fn until_discarded(service: &Service, upload: &Value) {
    let is_discarded = async || service.state_in_row(upload).await == "discarded";
    eventually("the file is discarded", is_discarded).await;
}

async fn uploaded(service: &Service, film: &Film, fingerprint: &str) -> Value {
    let announcement = film.announced_as(fingerprint);
    let (_, upload) = service.post("/api/uploads", &announcement).await;
    let at = address(&upload);
    service.send_all(&at, film).await;
    let (status, done) = service.complete(&at).await;
    assert_eq!(status, 200, "{done}");
    upload
}

#[tokio::test]
async fn nothing_stays_of_a_refused_file_and_all_of_one_that_failed_by_our_fault() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let refused = uploaded(&service, &film, "refused").await;
    let failed = uploaded(&service, &film, "failed").await;
    let key = |upload: &Value| format!("raw/{}/source", upload["video_id"].as_str().unwrap());
    // Somebody's attempt that no record speaks of.
    let stray = key(&refused);
    let stray = service.blobs.create_multipart(&stray, "video/mp4");
    stray.await.unwrap();
    fail(&service, &failed, false).await;
    fail(&service, &refused, true).await;
    fail(&service, &refused, true).await;
    until_discarded(&service, &refused).await;
    let left = service.blobs.list("raw/", None).await.unwrap().objects;
    let left: Vec<String> = left.into_iter().map(|object| object.key).collect();
    assert_eq!(left, [key(&failed)]);
    let open = service.blobs.list_multiparts("raw/").await.unwrap();
    assert!(open.is_empty(), "{open:?}");
    // To its client the upload was complete: the video says why nothing came of it.
    let at = address(&refused);
    let again = service.complete(&at).await;
    assert_eq!((again.0, &again.1["state"]), (200, &json!("complete")));
    let (_, shown) = service.get(&at).await;
    assert_eq!(shown["uploaded_bytes"], 0);
    assert_eq!(service.call(Method::DELETE, &at, &json!({})).await.0, 409);
    let size = failed["size_bytes"].clone();
    assert_eq!(
        service.get(&address(&failed)).await.1["uploaded_bytes"],
        size
    );
    service.stop().await;
}

#[tokio::test]
async fn a_refused_file_that_a_crash_left_behind_is_removed_by_the_sweep() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let upload = uploaded(&service, &film, "refused").await;
    let at = address(&upload);
    // After the news was taken note of, before anything was removed.
    service.rewind(&at, "discarding").await;
    service.stop().await;
    let service = Service::start(dir.path(), sweeping()).await;
    until_discarded(&service, &upload).await;
    assert!(
        service
            .blobs
            .list("raw/", None)
            .await
            .unwrap()
            .objects
            .is_empty()
    );

    // After it was removed, before that was taken note of; and what somebody stored there since.
    service.rewind(&at, "discarding").await;
    until_discarded(&service, &upload).await;
    let key = format!("raw/{}/source", upload["video_id"].as_str().unwrap());
    let put = service
        .blobs
        .put(&key, film.part(3), "video/mp4", PutOptions::default());
    put.await.unwrap();
    service.rewind(&at, "discarding").await;
    until_discarded(&service, &upload).await;
    assert!(
        service
            .blobs
            .list("raw/", None)
            .await
            .unwrap()
            .objects
            .is_empty()
    );
    service.stop().await;
}
