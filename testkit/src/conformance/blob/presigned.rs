use std::time::Duration;

use bytes::Bytes;
use platform_blob::{BlobErrorKind, Blobs, PartToSign, PresignedRequest, PutOptions};
use reqwest::{Method, StatusCode};
use url::Url;

use super::{Target, crc32c, random_bytes};

const TTL: Duration = Duration::from_mins(5);

impl Target {
    async fn fetch(&self, method: Method, url: Url) -> StatusCode {
        self.http
            .request(method, url)
            .send()
            .await
            .unwrap()
            .status()
    }

    async fn put_as(&self, signed: &PresignedRequest, url: Url, body: &Bytes) -> StatusCode {
        let mut request = self.http.put(url).body(body.clone());
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status()
    }
}

pub(super) async fn a_part_is_what_was_signed(t: Target) {
    let key = t.key("film");
    let id = t.open(&key).await;
    let (body, altered) = (random_bytes(100_000), random_bytes(100_000));
    let sum = crc32c(&body);
    let part = PartToSign {
        key: &key,
        id: &id,
        number: 1,
        size: 100_000,
        crc32c: &sum,
    };
    let signed = t.blobs.presign_part(part, t.endpoint(), TTL).await.unwrap();
    let url = signed.url.clone();
    let longer = [&*body, b"x"].concat().into();
    for wrong in [&altered, &longer, &body.slice(1..), &Bytes::new()] {
        let status = t.put_as(&signed, url.clone(), wrong).await;
        assert!(status.is_client_error(), "{} bytes: {status}", wrong.len());
    }
    let replaced = |from: &str, to: &str| Url::parse(&url.as_str().replace(from, to)).unwrap();
    for other in [
        replaced("partNumber=1", "partNumber=2"),
        replaced("/film", "/fila"),
    ] {
        assert_ne!(other, url);
        assert_eq!(t.put_as(&signed, other, &body).await, StatusCode::FORBIDDEN);
    }
    // What makes another request of it must have been signed.
    let source = format!("{}/{key}", t.bucket());
    let copy = t
        .http
        .put(url.clone())
        .body(body.clone())
        .header("x-amz-copy-source", source);
    let copy = signed
        .headers
        .iter()
        .fold(copy, |copy, (name, value)| copy.header(name, value));
    assert!(copy.send().await.unwrap().status().is_client_error());
    // Without the checksum, or with another, it is not the request that was signed.
    let no_sum = t.http.put(url.clone()).body(body.clone());
    assert!(is_refusal(no_sum.send().await.unwrap().status()));
    let other_sum = t.http.put(url.clone()).body(altered.clone());
    let other_sum = other_sum.header("x-amz-checksum-crc32c", crc32c(&altered));
    assert!(is_refusal(other_sum.send().await.unwrap().status()));

    assert!(t.parts(&key, &id).await.is_empty());
    assert_eq!(t.put_as(&signed, url, &body).await, StatusCode::OK);
    assert_eq!(t.parts(&key, &id).await.len(), 1);
}

/// Stores look at a request before or after its signature.
fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST)
}

pub(super) async fn an_address_is_for_one_thing(t: Target) {
    let (key, other) = (t.key("mine"), t.key("mina"));
    t.put(&key, b"content").await;
    t.put(&other, b"other").await;
    let url = t
        .blobs
        .presign_get(&key, t.endpoint(), TTL)
        .await
        .unwrap()
        .url;
    let got = t.http.get(url.clone()).send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), "content");
    for method in [Method::PUT, Method::DELETE, Method::POST, Method::HEAD] {
        let status = t.fetch(method.clone(), url.clone()).await;
        assert!(status.is_client_error(), "{method}: {status}");
    }
    let replaced = |from: &str, to: &str| Url::parse(&url.as_str().replace(from, to)).unwrap();
    let wrong = [
        replaced("/mine", "/mina"),
        replaced("X-Amz-Expires=300", "X-Amz-Expires=900"),
        Url::parse(&format!("{url}&versionId=1")).unwrap(),
    ];
    for wrong in wrong {
        assert_ne!(wrong, url);
        let status = t.fetch(Method::GET, wrong.clone()).await;
        assert!(is_refusal(status), "{wrong}: {status}");
    }
    assert_eq!(t.blobs.get(&key).await.unwrap(), "content");
}

pub(super) async fn an_address_expires(t: Target) {
    let key = t.key("soon");
    t.put(&key, b"content").await;
    let signed = t
        .blobs
        .presign_get(&key, t.endpoint(), Duration::from_secs(1))
        .await
        .unwrap();
    let expired = async {
        while t.fetch(Method::GET, signed.url.clone()).await != StatusCode::FORBIDDEN {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), expired)
        .await
        .expect("it never expired");
    let forever = t
        .blobs
        .presign_get(&key, t.endpoint(), Duration::from_hours(24 * 8))
        .await;
    assert_eq!(forever.unwrap_err().kind(), BlobErrorKind::Invalid);
}

/// Clients may know the store by another name than this process does.
pub(super) async fn the_public_address_is_signed(t: Target) {
    let key = t.key("film");
    t.put(&key, b"content").await;
    let public = Url::parse("http://videos.example:8080/").unwrap();
    let signed = t.blobs.presign_get(&key, &public, TTL).await.unwrap();
    let name = if t.config.path_style {
        "videos.example".to_owned()
    } else {
        format!("{}.videos.example", t.bucket())
    };
    assert_eq!(signed.url.host_str(), Some(name.as_str()));
    assert_eq!(signed.url.port(), public.port());
    // A proxy keeps the host of the request, and the store verifies with it.
    let mut arrived = signed.url.clone();
    arrived.set_host(t.endpoint().host_str()).unwrap();
    arrived.set_port(t.endpoint().port()).unwrap();
    let request = t
        .http
        .get(arrived.clone())
        .header("host", format!("{name}:8080"));
    assert_eq!(
        request.send().await.unwrap().text().await.unwrap(),
        "content"
    );
    assert_eq!(t.fetch(Method::GET, arrived).await, StatusCode::FORBIDDEN);
}

pub(super) async fn strangers_are_refused(t: Target) {
    let key = t.key("private");
    t.put(&key, b"content").await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD] {
        let status = t.fetch(method.clone(), t.address(&key)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method}");
    }
    assert_eq!(
        t.fetch(Method::GET, t.address("?list-type=2")).await,
        StatusCode::FORBIDDEN
    );

    let stranger = t.stranger();
    let put = stranger
        .put(&key, Bytes::from("x"), "a/b", PutOptions::default())
        .await;
    for error in [stranger.get(&key).await.unwrap_err(), put.unwrap_err()] {
        assert_eq!(error.kind(), BlobErrorKind::Denied);
        assert!(!format!("{error:?}").contains("not the secret"));
    }
    let signed = stranger.presign_get(&key, t.endpoint(), TTL).await.unwrap();
    assert_eq!(
        t.fetch(Method::GET, signed.url).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(t.blobs.get(&key).await.unwrap(), "content");
}
