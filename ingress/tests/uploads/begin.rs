//! Uploads begin, go on where they were, and end without a film.

use ingress::Config;
use reqwest::Method;
use schemas::v1::event::Payload;
use serde_json::{Value, json};
use testkit::services::somebody;
use testkit::stage::eventually;

use crate::common::{Film, Service, address, calm, part, stored, sweeping};

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

    let (status, problem) = service.complete(&at).await;
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
    let (status, done) = service.complete(&at).await;
    assert_eq!((status, &done["state"]), (200, &json!("complete")));
    let (_, list) = service.get("/api/uploads").await;
    assert_eq!(list["items"], json!([]));
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
        let path = format!("{at}{below}");
        let request = service.request_of(somebody("eve"), method.clone(), &path);
        let answer = request.json(&body).send().await.unwrap();
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
    assert_eq!(service.complete(&at).await.0, 409);
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
    let other = film.announced_as("another");
    let (_, cared_for) = service.post("/api/uploads", &other).await;
    service.clock.advance_ms(12 * HOUR_MS);

    service.until_state(&address(&idle), "abandoned").await;
    let key_of = |upload: &Value| format!("raw/{}/source", upload["video_id"].as_str().unwrap());
    let open = async |upload: &Value| {
        let open = service.blobs.list_multiparts(&key_of(upload)).await;
        open.unwrap().len()
    };
    eventually("its parts are gone", async || open(&idle).await == 0).await;
    assert_eq!(open(&cared_for).await, 1);
    let (_, kept) = service.get(&address(&cared_for)).await;
    assert_eq!(kept["state"], "open");
    let told = service.told("videos", 3).await;
    let abandoned = told.iter().filter_map(|event| match &event.payload {
        Some(Payload::UploadAbandoned(it)) => Some(it.upload_id.as_str()),
        _ => None,
    });
    let abandoned: Vec<&str> = abandoned.collect();
    assert_eq!(abandoned, [idle["upload_id"].as_str().unwrap()]);

    // Of a process that ended before it could say so in the record.
    let key = key_of(&idle);
    let orphan = service.blobs.create_multipart(&key, "video/mp4");
    orphan.await.unwrap();
    service.clock.advance_ms(25 * HOUR_MS);
    eventually("the orphan is gone", async || open(&idle).await == 0).await;
    service.stop().await;
}
