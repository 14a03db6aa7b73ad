//! Parts become a film, once.

use ingress::Config;
use reqwest::Method;
use schemas::v1::PublishPolicy;
use schemas::v1::event::Payload;
use serde_json::json;

use crate::common::{Film, PART, Service, address, calm, part, stored, sweeping};

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

    let done = service.complete(&at).await;
    assert_eq!(
        (done.0, &done.1["state"]),
        (200, &json!("complete")),
        "{}",
        done.1
    );
    let again = service.complete(&at).await;
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
    service.send_all(&at, &film).await;
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
    let other = film.announced_as("another");
    let (_, upload) = service.post("/api/uploads", &other).await;
    let at = address(&upload);
    service.send_all(&at, &film).await;
    let key = format!("raw/{}/source", upload["video_id"].as_str().unwrap());
    let open = service.blobs.list_multiparts(&key).await.unwrap().remove(0);
    let parts = service.blobs.list_parts(&key, &open.id).await.unwrap();
    service
        .blobs
        .complete_multipart(&key, &open.id, &parts)
        .await
        .unwrap();
    service.rewind(&at, "completing").await;
    let (status, done) = service.complete(&at).await;
    assert_eq!(
        (status, &done["state"]),
        (200, &json!("complete")),
        "{done}"
    );
    assert_eq!(service.count("transcode").await, 2);
    service.stop().await;
}
