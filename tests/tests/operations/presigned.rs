//! Permissions to send a part: for that part, these bytes, this while, and nothing else. And other
//! people's uploads, which are not there.

use std::time::Duration;

use platform_blob::{Blobs as _, PartToSign, S3Blobs, S3Config, crc32c_base64};
use platform_core::Redacted;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::Objects;
use testkit::stage::eventually;
use url::Url;

use crate::person::send;
use crate::town::{BELIEVED, Town};

/// What the parts of an upload are, but for the last.
const PART: usize = 5 << 20;

/// A permission, and what it is for.
struct Permission {
    http: reqwest::Client,
    url: Url,
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Permission {
    fn new(told: &Value, bytes: &[u8]) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = told["headers"].as_object().unwrap().iter();
        Self {
            http: reqwest::Client::new(),
            url: text(&told["url"]).parse().unwrap(),
            headers: headers
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            bytes: bytes.to_vec(),
        }
    }

    fn to(&self, method: Method, url: &Url) -> RequestBuilder {
        let request = self.http.request(method, url.clone());
        let add =
            |request: RequestBuilder, (name, value): &(String, String)| request.header(name, value);
        self.headers.iter().fold(request, add)
    }

    /// As it is meant.
    fn right(&self) -> RequestBuilder {
        self.to(Method::PUT, &self.url).body(self.bytes.clone())
    }

    /// The address with another value of `name` in its query; none removes it.
    fn with(&self, name: &str, value: Option<&str>) -> Url {
        let mut url = self.url.clone();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let others = pairs.into_iter().filter(|(key, _)| key != name);
        let others: Vec<_> = others.collect();
        let mut query = url.query_pairs_mut();
        query.clear().extend_pairs(others);
        if let Some(value) = value {
            query.append_pair(name, value);
        }
        drop(query);
        url
    }

    fn query(&self, name: &str) -> String {
        let found = self.url.query_pairs().find(|(key, _)| key == name);
        found
            .unwrap_or_else(|| panic!("{name} in {}", self.url))
            .1
            .into_owned()
    }

    /// The right request at other addresses.
    fn elsewhere(&self, other: &Self) -> Vec<(String, Url)> {
        let path = |path: String| {
            let mut url = self.url.clone();
            url.set_path(&path);
            url
        };
        let own = self.url.path().to_owned();
        let (bucket, key) = own.trim_start_matches('/').split_once('/').unwrap();
        let signature = self.query("X-Amz-Signature");
        let upload = other.query("uploadId");
        let mut bare = self.url.clone();
        bare.set_query(None);
        let mut all = vec![
            ("no query".to_owned(), bare),
            ("another key".to_owned(), path(format!("{own}x"))),
            (
                "another upload's key".to_owned(),
                path(other.url.path().to_owned()),
            ),
            (
                "a key above".to_owned(),
                path(format!("/{bucket}/x%2f..%2f{key}")),
            ),
            (
                "a key of films".to_owned(),
                path(format!("/{bucket}/films/x")),
            ),
            ("another bucket".to_owned(), path(format!("/other/{key}"))),
            ("no key".to_owned(), path(format!("/{bucket}/"))),
        ];
        for (name, value) in [
            ("partNumber", Some("2")),
            ("partNumber", None),
            ("uploadId", Some(upload.as_str())),
            ("uploadId", None),
            ("X-Amz-Expires", Some("604800")),
            ("X-Amz-Expires", Some("99999999999")),
            ("X-Amz-Expires", None),
            ("X-Amz-Date", Some("20200101T000000Z")),
            ("X-Amz-Date", Some("20990101T000000Z")),
            ("X-Amz-Date", None),
            ("X-Amz-Signature", Some(&*"0".repeat(64))),
            ("X-Amz-Signature", Some("")),
            ("X-Amz-Signature", Some(&*signature.to_uppercase())),
            ("X-Amz-Signature", signature.get(..63)),
            ("X-Amz-Signature", None),
            ("X-Amz-Algorithm", Some("none")),
            ("X-Amz-Algorithm", None),
            ("X-Amz-SignedHeaders", Some("host")),
            ("X-Amz-SignedHeaders", Some("")),
            (
                "X-Amz-Credential",
                Some("marquee/20200101/us-east-1/s3/aws4_request"),
            ),
            ("X-Amz-Credential", Some("evil")),
            ("X-Amz-Security-Token", Some("evil")),
            ("versionId", Some("1")),
            ("acl", Some("")),
            ("tagging", Some("")),
            ("uploads", Some("")),
        ] {
            all.push((format!("{name}={value:?}"), self.with(name, value)));
        }
        all
    }

    /// Other requests at the right address.
    fn otherwise(&self) -> Vec<(String, RequestBuilder)> {
        let mut all = Vec::new();
        for method in ["GET", "HEAD", "POST", "DELETE", "PATCH"] {
            let request = self.to(method.parse().unwrap(), &self.url);
            all.push((method.to_owned(), request.body(self.bytes.clone())));
        }
        let put = |bytes: Vec<u8>| self.to(Method::PUT, &self.url).body(bytes);
        let mut other = self.bytes.clone();
        other[0] ^= 1;
        all.push(("other bytes".to_owned(), put(other.clone())));
        all.push(("more bytes".to_owned(), put([&*self.bytes, b"x"].concat())));
        all.push(("fewer bytes".to_owned(), put(self.bytes[1..].to_vec())));
        all.push(("no bytes".to_owned(), put(Vec::new())));
        let plain = || self.http.put(self.url.clone());
        all.push(("no checksum".to_owned(), plain().body(self.bytes.clone())));
        let checksum = crc32c_base64(&other);
        let lying = plain()
            .header("x-amz-checksum-crc32c", checksum)
            .body(other);
        all.push(("another checksum".to_owned(), lying));
        for (name, value) in [
            ("host", "evil.example"),
            ("x-amz-copy-source", "/marquee/films/x"),
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
        ] {
            let request = self.right().header(name, value);
            all.push((format!("{name}: {value}"), request));
        }
        all
    }
}

/// Permission for the first part of an upload of the owner's, with `bytes`.
async fn permission(town: &Town, upload: &str, bytes: &[u8]) -> Permission {
    let path = format!("/api/uploads/{upload}/parts");
    let part = json!({ "number": 1, "size_bytes": bytes.len(), "crc32c": crc32c_base64(bytes) });
    let wish = json!({ "parts": [part] });
    let signed = town.owner.ask(Method::POST, &path, &wish).await.done();
    let permission = Permission::new(&signed.json()["parts"][0], bytes);
    town.secrets.add(&permission.query("X-Amz-Signature"));
    permission
}

/// How many parts of an upload are stored.
async fn stored(town: &Town, upload: &str) -> usize {
    let path = format!("/api/uploads/{upload}");
    let upload = town.owner.get(&path).await.done().json();
    upload["parts"].as_array().unwrap().len()
}

/// Headers that were not signed, and mean nothing for a part: S3 refuses them, and so does the embedded
/// store; MinIO takes no notice.
const MEANINGLESS: [(&str, &str); 2] = [("x-amz-acl", "public-read"), ("x-amz-meta-owner", "evil")];

/// Sends it; a connection that is cut off says no, too.
async fn is_accepted(request: RequestBuilder) -> bool {
    let answer = request.send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test]
async fn a_permission_is_good_for_what_it_is_for_and_nothing_else() {
    let town = Town::quick().await;
    let objects = Objects::of(town.marquee.data());
    let endpoint = town.marquee.url().parse().unwrap();
    let upload = town.upload("third.mp4").await;
    let upload = upload["upload_id"].as_str().unwrap();
    let part = permission(&town, upload, &vec![7; PART]).await;
    for (name, value) in MEANINGLESS {
        assert!(
            !is_accepted(part.right().header(name, value)).await,
            "{name}"
        );
    }
    assert_eq!(stored(&town, upload).await, 0);
    is_good_for_nothing_else(town, objects.blobs(), &endpoint).await;
}

#[tokio::test]
#[ignore = "needs a real S3 store: script/test --real"]
async fn a_permission_of_another_store_is_good_for_nothing_else_either() {
    let (endpoint, key, secret) = testkit::real::s3();
    let bucket = format!("permissions-{:08x}", rand::random::<u32>());
    let variables = [
        BELIEVED,
        ("MARQUEE__OBJECTS__ENDPOINT", &endpoint),
        ("MARQUEE__OBJECTS__BUCKET", &bucket),
        ("MARQUEE__OBJECTS__ACCESS_KEY", &key),
        ("MARQUEE__OBJECTS__SECRET_KEY", &secret),
    ];
    let town = Town::with(&variables).await;
    let endpoint: Url = endpoint.parse().unwrap();
    let blobs = S3Blobs::new(&S3Config {
        bucket: bucket.clone(),
        ..S3Config::new(endpoint.clone(), &key, Redacted::new(secret.as_str()))
    });
    is_good_for_nothing_else(town, &blobs, &endpoint).await;
}

/// Clients reach the town's store `blobs` at `endpoint`.
async fn is_good_for_nothing_else(town: Town, blobs: &S3Blobs, endpoint: &Url) {
    let upload = town.things.upload.clone();
    let other = town.upload("another.mp4").await;
    let other = other["upload_id"].as_str().unwrap().to_owned();
    let before = blobs.list("", None).await.unwrap().objects.len();
    let part = permission(&town, &upload, &vec![7; PART]).await;
    let others = permission(&town, &other, &vec![7; PART]).await;
    let expires: u64 = part.query("X-Amz-Expires").parse().unwrap();
    assert!(expires <= 900, "{expires}");
    let mut tried = 0;
    for (what, url) in part.elsewhere(&others) {
        let request = part.to(Method::PUT, &url).body(part.bytes.clone());
        assert!(!is_accepted(request).await, "{what}");
        tried += 1;
    }
    for (what, request) in part.otherwise() {
        assert!(!is_accepted(request).await, "{what}");
        tried += 1;
    }
    assert_eq!(
        stored(&town, &upload).await + stored(&town, &other).await,
        0
    );
    let after = blobs.list("", None).await.unwrap().objects.len();
    assert_eq!(before, after);
    assert!(is_accepted(part.right()).await, "as it is meant");
    assert_eq!(stored(&town, &upload).await, 1);

    // What is over is over: given up, or whole.
    let path = format!("/api/uploads/{upload}");
    town.owner
        .ask(Method::DELETE, &path, &Value::Null)
        .await
        .done();
    eventually("the permission is of no use", async || {
        !is_accepted(part.right()).await
    })
    .await;
    let whole = small(&town).await;
    assert!(!is_accepted(whole.right()).await, "after it is whole");
    // And so is what came too late.
    comes_too_late(blobs, endpoint).await;
    tried += 3;
    assert!(tried >= 45, "{tried}");
    crate::town::tell(&format!("{tried} other uses refused"));
    town.close().await;
}

/// A permission of an upload that is whole.
async fn small(town: &Town) -> Permission {
    let bytes = b"Dear Sir or Madam";
    let wish = json!({ "file_name": "a.mp4", "size_bytes": bytes.len(), "fingerprint": "small" });
    let begun = town.owner.ask(Method::POST, "/api/uploads", &wish).await;
    let begun = begun.done().json();
    let upload = begun["upload_id"].as_str().unwrap();
    let part = permission(town, upload, bytes).await;
    assert!(is_accepted(part.right()).await);
    let path = format!("/api/uploads/{upload}/complete");
    town.owner
        .ask(Method::POST, &path, &Value::Null)
        .await
        .done();
    part
}

/// Waits until the store refuses a permission of a second.
async fn comes_too_late(blobs: &S3Blobs, endpoint: &Url) {
    let (key, bytes) = ("uploads/late", b"late");
    let id = blobs.create_multipart(key, "video/mp4").await.unwrap();
    let part = PartToSign {
        key,
        id: &id,
        number: 1,
        size: 4,
        crc32c: &crc32c_base64(bytes),
    };
    let sign = async |seconds: u64| {
        let ttl = Duration::from_secs(seconds);
        let signed = blobs.presign_part(part, endpoint, ttl).await.unwrap();
        Permission {
            http: reqwest::Client::new(),
            url: signed.url,
            headers: signed.headers,
            bytes: bytes.to_vec(),
        }
    };
    let (short, long) = (sign(1).await, sign(600).await);
    eventually("it is late", async || !is_accepted(short.right()).await).await;
    assert!(is_accepted(long.right()).await, "in time");
    blobs.abort_multipart(key, &id).await.unwrap();
}

#[tokio::test]
async fn uploads_of_others_are_not_there_in_any_way() {
    let town = Town::new().await;
    let upload = town.things.upload.clone();
    let before = town.state().await;
    let part = json!({ "number": 1, "size_bytes": PART, "crc32c": "AAAAAA==" });
    let body = json!({ "parts": [part] });
    let mut tried = 0;
    for person in [&town.other, &town.moderator, &town.admin] {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            for below in [
                "",
                "/parts",
                "/complete",
                "/parts/1",
                "/concat",
                "/../",
                "?concat=final",
            ] {
                let path = format!("/api/uploads/{upload}{below}");
                let method: Method = method.parse().unwrap();
                let request = person.request(method.clone(), &path).json(&body);
                let answer = send(request).await;
                assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
                tried += 1;
            }
        }
        // Nor does anybody put a file in the place of a film's that is not theirs.
        let wish = json!({
            "file_name": "mine.mp4",
            "size_bytes": PART,
            "fingerprint": "mine",
            "replaces": town.things.film,
        });
        let answer = person.ask(Method::POST, "/api/uploads", &wish).await;
        assert_eq!(answer.status, 404, "{answer:?}");
        // As tus would (its protocol 1.0.0), which some servers speak at the same addresses.
        for (method, names) in [
            ("HEAD", "tus-resumable: 1.0.0"),
            (
                "PATCH",
                "tus-resumable: 1.0.0\nupload-offset: 0\ncontent-type: application/offset+octet-stream",
            ),
            ("DELETE", "tus-resumable: 1.0.0"),
            (
                "POST",
                "tus-resumable: 1.0.0\nupload-concat: final;/api/uploads/UPLOAD",
            ),
            (
                "POST",
                "tus-resumable: 1.0.0\nx-http-method-override: PATCH\nupload-offset: 0",
            ),
            (
                "POST",
                "tus-resumable: 1.0.0\nx-http-method-override: DELETE",
            ),
        ] {
            let path = format!("/api/uploads/{upload}");
            let mut request = person.request(method.parse().unwrap(), &path);
            for line in names.lines() {
                let (name, value) = line.split_once(": ").unwrap();
                request = request.header(name, value.replace("UPLOAD", &upload));
            }
            let answer = send(request.body("bytes")).await;
            assert_eq!(answer.status, 404, "{method} {names}: {answer:?}");
            tried += 1;
        }
    }
    assert_eq!(before, town.state().await);
    // Nobody guesses 128 bits.
    assert!(upload.len() >= 26, "{upload}");
    crate::town::tell(&format!(
        "{tried} requests for an upload of somebody else's refused"
    ));
    assert_eq!(tried, 3 * (7 * 7 + 6));
    town.close().await;
}
