//! Parts are announced, stored and counted.

use bytes::Bytes;
use ingress::Config;
use reqwest::Method;
use schemas::v1::event::Payload;
use serde_json::{Value, json};
use testkit::stage::eventually;
use url::Url;

use crate::common::{Film, Service, address, calm, part, stored};

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

    service.send_all(&at, &film).await;
    assert_eq!(service.complete(&at).await.0, 200);
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
    let (status, problem) = service.complete(&at).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("/problems/upload-restarted"))
    );
    service.send_all(&at, &film).await;
    assert_eq!(service.complete(&at).await.0, 200);
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
