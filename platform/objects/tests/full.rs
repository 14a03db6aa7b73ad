//! A disk without room. A process of its own, since its limit on files holds for all of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bytes::Bytes;
use platform_blob::{BlobErrorKind, PartToSign, PutOptions, crc32c_base64};
use testkit::room::FileLimit;
use testkit::stage::eventually;
use url::Url;

use common::Server;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_full_disk_is_told_leaves_nothing_torn_and_is_over_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let blobs = server.blobs();
    blobs.ensure_bucket().await.unwrap();
    let put = |key: &'static str| {
        let body = Bytes::from(vec![7; 3 * MIB]);
        let blobs = &blobs;
        async move {
            blobs
                .put(key, body, "video/mp4", PutOptions::default())
                .await
        }
    };
    put("before").await.unwrap();
    let id = blobs.create_multipart("parts", "video/mp4").await.unwrap();
    let body = vec![9; 6 * MIB];
    let part = PartToSign {
        key: "parts",
        id: &id,
        number: 1,
        size: 6 << 20,
        crc32c: &crc32c_base64(&body),
    };
    let endpoint: Url = server.s3_config().endpoint;
    let signed = blobs.presign_part(part, &endpoint, Duration::from_mins(1));
    let signed = signed.await.unwrap();
    let send = async || {
        let mut request = reqwest::Client::new().put(signed.url.clone());
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        request.body(body.clone()).send().await.unwrap()
    };

    let limit = FileLimit::of(2 << 20);
    let error = put("without room").await.unwrap_err();
    assert_eq!(error.kind(), BlobErrorKind::Full, "{error}");
    let refused = send().await;
    assert_eq!(refused.status(), 507);
    let text = refused.text().await.unwrap();
    assert!(text.contains("the disk is full; free some space"), "{text}");
    let missing = blobs.head("without room").await.unwrap_err();
    assert!(missing.is_not_found());
    assert_eq!(blobs.list_parts("parts", &id).await.unwrap(), []);
    assert_eq!(blobs.get("before").await.unwrap().len(), 3 * MIB);
    let incoming = folder.path().join("incoming");
    let incoming = &incoming;
    eventually("nothing is left over", || async move {
        std::fs::read_dir(incoming).unwrap().count() == 0
    })
    .await;
    drop(limit);

    put("without room").await.unwrap();
    assert_eq!(send().await.status(), 200);
    let parts = blobs.list_parts("parts", &id).await.unwrap();
    blobs
        .complete_multipart("parts", &id, &parts)
        .await
        .unwrap();
    assert_eq!(blobs.get("parts").await.unwrap(), body);
    server.stop().await;
}
