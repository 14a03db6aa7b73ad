//! Uploads as clients live through them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod common;
mod names;

use bytes::Bytes;
use common::{Film, PART, Service, address, calm, part, stored, sweeping};
use ingress::Config;
use platform_blob::PutOptions;
use platform_bus::{Topic, publish_event};
use reqwest::Method;
use schemas::v1::event::Payload;
use schemas::v1::{PublishPolicy, VideoFailed};
use schemas::{NewEvent, OwnerId};
use serde_json::{Value, json};
use testkit::stage::eventually;
use url::Url;

#[tokio::test]
async fn a_film_is_sent_in_parts_and_told_of_once() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let (status, upload) = service.post("/api/uploads", &film.announcement()).await;
    assert_eq!(
        (status, &upload["state"]),
        (201, &json!("open")),
        "{upload}"
    );
    assert_eq!(upload["title"], "Big Buck Bunny");
    assert_eq!(upload["part_size_bytes"], PART);
    let at = address(&upload);
    for number in [3, 1, 2] {
        service.send(&at, number, &film).await;
    }
    assert_eq!(stored(&service.get(&at).await.1), [1, 2, 3]);

    let done = service.post(&format!("{at}/complete"), &json!({})).await;
    assert_eq!(
        (done.0, &done.1["state"]),
        (200, &json!("complete")),
        "{}",
        done.1
    );
    let again = service.post(&format!("{at}/complete"), &json!({})).await;
    assert_eq!(again, done);

    let video = upload["video_id"].as_str().unwrap();
    let key = format!("raw/{video}/source");
    assert_eq!(&service.blobs.get(&key).await.unwrap(), film.bytes());
    assert!(
        service
            .blobs
            .list_multiparts("raw/")
            .await
            .unwrap()
            .is_empty()
    );
    let told = service.told("transcode", 1).await.remove(0);
    assert_eq!(told.principal, "local");
    let Some(Payload::VideoUploaded(uploaded)) = told.payload else {
        panic!("not VideoUploaded: {told:?}");
    };
    assert_eq!((&*uploaded.video_id, &uploaded.source_key), (video, &key));
    assert_eq!(uploaded.publish_policy(), PublishPolicy::Complete);
    assert_eq!(
        (
            service.count("transcode").await,
            service.count("videos").await
        ),
        (1, 1)
    );

    // What is complete takes nothing more and is not given up.
    let late = json!({"parts": [part(1, &film.part(1))]});
    let (status, problem) = service.post(&format!("{at}/parts"), &late).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("/problems/upload-closed"))
    );
    assert_eq!(service.call(Method::DELETE, &at, &json!({})).await.0, 409);
    // The same file can be uploaded again, as another video.
    let (status, other) = service.post("/api/uploads", &film.announcement()).await;
    assert_eq!(status, 201);
    assert_ne!(other["video_id"], upload["video_id"]);
    service.stop().await;
}

#[tokio::test]
async fn an_upload_goes_on_after_client_and_server_were_gone() {
    let dir = tempfile::tempdir().unwrap();
    let film = Film::new();
    let service = Service::start(dir.path(), calm()).await;
    let (_, begun) = service.post("/api/uploads", &film.announcement()).await;
    let at = address(&begun);
    service.send(&at, 2, &film).await;
    service.stop().await;

    let service = Service::start(dir.path(), calm()).await;
    let (status, resumed) = service.post("/api/uploads", &film.announcement()).await;
    assert_eq!((status, &resumed["upload_id"]), (200, &begun["upload_id"]));
    assert_eq!(stored(&resumed), [2]);
    let (_, list) = service.get("/api/uploads").await;
    assert_eq!(list["items"], json!([resumed]));

    let (status, problem) = service.post(&format!("{at}/complete"), &json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("/problems/upload-parts-missing"))
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("1, 3"),
        "{problem}"
    );
    service.send(&at, 1, &film).await;
    service.send(&at, 3, &film).await;
    let (status, done) = service.post(&format!("{at}/complete"), &json!({})).await;
    assert_eq!((status, &done["state"]), (200, &json!("complete")));
    let (_, list) = service.get("/api/uploads").await;
    assert_eq!(list["items"], json!([]));
    service.stop().await;
}

#[tokio::test]
async fn only_bytes_that_were_announced_are_stored_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    let at = address(&upload);
    let good = film.part(1);
    let mut bad = good.to_vec();
    bad[77] ^= 1;

    let signed = service.sign(&at, 1, &good).await;
    assert_eq!(service.put(&signed, Bytes::from(bad.clone())).await, 400);
    assert!(stored(&service.get(&at).await.1).is_empty());
    assert_eq!(service.put(&signed, good.clone()).await, 200);
    assert_eq!(stored(&service.get(&at).await.1), [1]);
    // The file has changed since: what is stored does not count any more.
    service.sign(&at, 1, &bad).await;
    assert!(stored(&service.get(&at).await.1).is_empty());

    service.send(&at, 1, &film).await;
    service.send(&at, 2, &film).await;
    service.send(&at, 3, &film).await;
    assert_eq!(
        service.post(&format!("{at}/complete"), &json!({})).await.0,
        200
    );
    assert_eq!(
        service.put(&signed, good).await,
        404,
        "an address outlives its upload"
    );
    service.stop().await;
}

#[tokio::test]
async fn addresses_are_made_for_the_origin_the_client_uses() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    let path = format!("{}/parts", address(&upload));
    let body = json!({"parts": [part(1, &film.part(1))]});
    let request = service.request(Method::POST, &path).json(&body);
    let answer = request.header("x-forwarded-proto", "https").send().await;
    let signed: Value = answer.unwrap().json().await.unwrap();
    let url = Url::parse(signed["parts"][0]["url"].as_str().unwrap()).unwrap();
    assert_eq!(url.scheme(), "https");
    let expires = url
        .query_pairs()
        .find(|(name, _)| name == "X-Amz-Expires")
        .unwrap();
    assert!(expires.1.parse::<u32>().unwrap() <= 900, "{url}");
    service.stop().await;
}

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
        (with("title", json!("x".repeat(201))), 400, "200"),
        (with("description", json!("x".repeat(5001))), 400, "5000"),
        (with("publish_policy", json!("never")), 400, "JSON"),
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

#[tokio::test]
async fn an_upload_is_nobody_elses_and_is_gone_when_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    let at = address(&upload);
    service.send(&at, 1, &film).await;
    let parts = json!({"parts": [part(1, &film.part(1))]});
    let unknown = format!("/api/uploads/{}", "a".repeat(26));
    for (method, below, body) in [
        (Method::GET, "", Value::Null),
        (Method::DELETE, "", Value::Null),
        (Method::POST, "/parts", parts),
        (Method::POST, "/complete", json!({})),
    ] {
        let request = service
            .request(method.clone(), &format!("{at}{below}"))
            .json(&body);
        let answer = request
            .header("x-marquee-principal", "eve")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404, "{method} {below}");
        assert_eq!(
            service
                .call(method, &format!("{unknown}{below}"), &body)
                .await
                .0,
            404
        );
    }
    assert_eq!(service.get("/api/uploads/..%2f..%2fetc").await.0, 404);

    for _ in 0..2 {
        assert_eq!(service.call(Method::DELETE, &at, &Value::Null).await.0, 204);
    }
    assert!(
        service
            .blobs
            .list_multiparts("raw/")
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(service.get(&at).await.1["state"], "abandoned");
    assert_eq!(
        service.post(&format!("{at}/complete"), &json!({})).await.0,
        409
    );
    let told = service.told("videos", 2).await;
    assert!(matches!(told[0].payload, Some(Payload::UploadStarted(_))));
    assert!(matches!(told[1].payload, Some(Payload::UploadAbandoned(_))));
    assert_eq!(service.count("videos").await, 2);
    let (status, other) = service.post("/api/uploads", &film.announcement()).await;
    assert_eq!(status, 201);
    assert_ne!(other["upload_id"], upload["upload_id"]);
    service.stop().await;
}

#[tokio::test]
async fn two_tabs_with_the_same_file_share_an_upload() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let body = Film::new().announcement();
    let (one, other) = tokio::join!(
        service.post("/api/uploads", &body),
        service.post("/api/uploads", &body)
    );
    assert_eq!(
        one.1["upload_id"], other.1["upload_id"],
        "{one:?} {other:?}"
    );
    assert_eq!(
        service.blobs.list_multiparts("raw/").await.unwrap().len(),
        1
    );
    assert_eq!(service.count("videos").await, 1);
    service.stop().await;
}

#[tokio::test]
async fn what_a_crash_interrupted_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    let at = address(&upload);
    // Before the object store was asked for a multipart upload.
    service.rewind(&at, "opening").await;
    let (status, resumed) = service.post("/api/uploads", &film.announcement()).await;
    assert_eq!((status, &resumed["upload_id"]), (200, &upload["upload_id"]));
    for number in 1..=3 {
        service.send(&at, number, &film).await;
    }
    // Before the file was assembled, and the client never comes back.
    service.rewind(&at, "completing").await;
    service.stop().await;
    let service = Service::start(dir.path(), sweeping()).await;
    service.until_state(&at, "complete").await;
    assert_eq!(service.count("transcode").await, 1);
    service.stop().await;

    // After it was assembled, before the record said so; the client asks again.
    let quiet = Config {
        sweep_interval_ms: 3_600_000,
        ..calm()
    };
    let service = Service::start(dir.path(), quiet).await;
    let mut other = film.announcement();
    other["fingerprint"] = json!("another");
    let (_, upload) = service.post("/api/uploads", &other).await;
    let at = address(&upload);
    for number in 1..=3 {
        service.send(&at, number, &film).await;
    }
    let key = format!("raw/{}/source", upload["video_id"].as_str().unwrap());
    let open = service.blobs.list_multiparts(&key).await.unwrap().remove(0);
    let parts = service.blobs.list_parts(&key, &open.id).await.unwrap();
    service
        .blobs
        .complete_multipart(&key, &open.id, &parts)
        .await
        .unwrap();
    service.rewind(&at, "completing").await;
    let (status, done) = service.post(&format!("{at}/complete"), &json!({})).await;
    assert_eq!(
        (status, &done["state"]),
        (200, &json!("complete")),
        "{done}"
    );
    assert_eq!(service.count("transcode").await, 2);
    service.stop().await;
}

#[tokio::test]
async fn parts_that_the_store_lost_are_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(dir.path(), calm()).await;
    let film = Film::new();
    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    let at = address(&upload);
    let lose = async || {
        let open = service
            .blobs
            .list_multiparts("raw/")
            .await
            .unwrap()
            .remove(0);
        service
            .blobs
            .abort_multipart(&open.key, &open.id)
            .await
            .unwrap();
    };
    service.send(&at, 1, &film).await;
    lose().await;
    assert!(stored(&service.get(&at).await.1).is_empty());
    service.send(&at, 1, &film).await;
    assert_eq!(stored(&service.get(&at).await.1), [1]);
    lose().await;
    let (status, problem) = service.post(&format!("{at}/complete"), &json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("/problems/upload-restarted"))
    );
    for number in 1..=3 {
        service.send(&at, number, &film).await;
    }
    assert_eq!(
        service.post(&format!("{at}/complete"), &json!({})).await.0,
        200
    );
    service.stop().await;
}

#[tokio::test]
async fn idle_uploads_and_orphaned_parts_are_removed() {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let dir = tempfile::tempdir().unwrap();
    // The object store's clock stands still meanwhile: what is new there must not look old yet.
    let config = Config {
        orphan_s: 24 * 60 * 60,
        ..sweeping()
    };
    let service = Service::start(dir.path(), config).await;
    let film = Film::new();
    let (_, idle) = service.post("/api/uploads", &film.announcement()).await;
    service.send(&address(&idle), 1, &film).await;
    service.clock.advance_ms(13 * HOUR_MS);
    let mut other = film.announcement();
    other["fingerprint"] = json!("another");
    let (_, cared_for) = service.post("/api/uploads", &other).await;
    let orphan = service
        .blobs
        .create_multipart("raw/x/source", "video/mp4")
        .await
        .unwrap();
    service.clock.advance_ms(12 * HOUR_MS);

    service.until_state(&address(&idle), "abandoned").await;
    eventually("one upload is left in the store", async || {
        service.blobs.list_multiparts("raw/").await.unwrap().len() == 1
    })
    .await;
    let left = service
        .blobs
        .list_multiparts("raw/")
        .await
        .unwrap()
        .remove(0);
    assert_ne!(left.id, orphan);
    let (_, kept) = service.get(&address(&cared_for)).await;
    assert_eq!(kept["state"], "open");
    let told = service.told("videos", 3).await;
    let abandoned = told.iter().filter_map(|event| match &event.payload {
        Some(Payload::UploadAbandoned(it)) => Some(it.upload_id.as_str()),
        _ => None,
    });
    let abandoned: Vec<&str> = abandoned.collect();
    assert_eq!(abandoned, [idle["upload_id"].as_str().unwrap()]);
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
    let mut announcement = film.announcement();
    announcement["fingerprint"] = json!(fingerprint);
    let (_, upload) = service.post("/api/uploads", &announcement).await;
    let at = address(&upload);
    for number in 1..=3 {
        service.send(&at, number, film).await;
    }
    let (status, done) = service.post(&format!("{at}/complete"), &json!({})).await;
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
    let again = service.post(&format!("{at}/complete"), &json!({})).await;
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

#[tokio::test]
async fn how_much_is_stored_is_shown_and_told_while_parts_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        progress_interval_ms: 10,
        ..calm()
    };
    let service = Service::start(dir.path(), config).await;
    let film = Film::new();
    let (_, upload) = service.post("/api/uploads", &film.announcement()).await;
    assert_eq!(upload["uploaded_bytes"], 0);
    let at = address(&upload);
    let mut expected = Vec::new();
    for number in [3, 1] {
        service.send(&at, number, &film).await;
        expected.push(expected.last().unwrap_or(&0) + film.part(number).len());
        let told = expected.len() as u64;
        // Beside the news that the upload began.
        eventually("the progress is told", async || {
            service.count("videos").await == told + 1
        })
        .await;
        let (_, shown) = service.get(&at).await;
        assert_eq!(shown["uploaded_bytes"], expected[expected.len() - 1]);
    }
    // The store loses everything, and the upload begins again.
    let open = service
        .blobs
        .list_multiparts("raw/")
        .await
        .unwrap()
        .remove(0);
    let lost = service.blobs.abort_multipart(&open.key, &open.id).await;
    lost.unwrap();
    assert_eq!(service.get(&at).await.1["uploaded_bytes"], 0);
    expected.push(0);
    let told = service.told("videos", 4).await;
    let progress = told.iter().filter_map(|event| match &event.payload {
        Some(Payload::UploadProgressed(it)) => Some((it.sequence, it.stored_bytes)),
        _ => None,
    });
    let progress: Vec<_> = progress.collect();
    let expected: Vec<_> = (1..)
        .zip(expected.iter().map(|bytes| *bytes as u64))
        .collect();
    assert_eq!(progress, expected);
    service.stop().await;
}
