use std::time::Duration;

use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart, MetadataDirective},
};
use reqwest::Method;

use super::{PART, Target, random_bytes};

pub(super) async fn headers_come_back(t: Target) {
    let key = t.key("page");
    let put = t.client.put_object().bucket(t.bucket()).key(&key);
    let put = put
        .content_type("text/html; charset=utf-8")
        .content_encoding("identity")
        .content_disposition("attachment; filename=\"a.html\"")
        .content_language("sv")
        .cache_control("max-age=60")
        .metadata("Author", "Tolstoy")
        .metadata("empty", "");
    put.body(ByteStream::from_static(b"<html>"))
        .send()
        .await
        .unwrap();
    let got = t
        .client
        .get_object()
        .bucket(t.bucket())
        .key(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_type(), Some("text/html; charset=utf-8"));
    assert_eq!(got.content_encoding(), Some("identity"));
    assert_eq!(
        got.content_disposition(),
        Some("attachment; filename=\"a.html\"")
    );
    assert_eq!(got.content_language(), Some("sv"));
    assert_eq!(got.cache_control(), Some("max-age=60"));
    let head = t
        .client
        .head_object()
        .bucket(t.bucket())
        .key(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(head.metadata().unwrap()["author"], "Tolstoy");
    assert_eq!(head.metadata(), got.metadata());
    assert!(head.last_modified().is_some());
}

pub(super) async fn copies_stand_alone(t: Target) {
    let (from, to) = (t.key("from +ü"), t.key("to"));
    let put = t
        .client
        .put_object()
        .bucket(t.bucket())
        .key(&from)
        .metadata("a", "1");
    put.body(ByteStream::from_static(b"content"))
        .send()
        .await
        .unwrap();
    let source = format!("{}/{}", t.bucket(), from.replace("+ü", "%2B%C3%BC"));
    let copy = || {
        t.client
            .copy_object()
            .bucket(t.bucket())
            .copy_source(&source)
    };
    copy().key(&to).send().await.unwrap();
    let changed = copy().key(t.key("changed")).metadata("b", "2");
    changed
        .metadata_directive(MetadataDirective::Replace)
        .send()
        .await
        .unwrap();

    t.put(&from, b"something else").await;
    t.blobs.delete(&from).await.unwrap();
    assert_eq!(t.blobs.get(&to).await.unwrap(), "content");
    let metadata = async |key: &str| {
        let head = t
            .client
            .head_object()
            .bucket(t.bucket())
            .key(key)
            .send()
            .await
            .unwrap();
        head.metadata.unwrap()
    };
    assert_eq!(metadata(&to).await["a"], "1");
    assert_eq!(
        metadata(&t.key("changed")).await.keys().collect::<Vec<_>>(),
        ["b"]
    );
    let missing = copy()
        .key(t.key("copy of nothing"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchKey"));
}

pub(super) async fn parts_are_copied(t: Target) {
    let (from, to) = (t.key("from"), t.key("to"));
    let body = random_bytes(PART + 100);
    t.put(&from, &body).await;
    let create = t
        .client
        .create_multipart_upload()
        .bucket(t.bucket())
        .key(&to);
    let created = create.send().await.unwrap();
    let id = created.upload_id().unwrap();
    let source = format!("{}/{from}", t.bucket());
    let mut parts = Vec::new();
    for (number, range) in [
        (1, format!("bytes=0-{}", PART - 1)),
        (2, "bytes=10-19".to_owned()),
    ] {
        let copy = t
            .client
            .upload_part_copy()
            .bucket(t.bucket())
            .key(&to)
            .upload_id(id);
        let copy = copy
            .part_number(number)
            .copy_source(&source)
            .copy_source_range(range);
        let copied = copy.send().await.unwrap().copy_part_result.unwrap();
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(copied.e_tag)
                .build(),
        );
    }
    let parts = CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build();
    let complete = t
        .client
        .complete_multipart_upload()
        .bucket(t.bucket())
        .key(&to);
    complete
        .upload_id(id)
        .multipart_upload(parts)
        .send()
        .await
        .unwrap();
    let expected = [&body[..PART], &body[10..20]].concat();
    assert_eq!(t.blobs.get(&to).await.unwrap(), expected);
}

pub(super) async fn browsers_may_come_from_anywhere(t: Target) {
    let key = t.key("film");
    t.put(&key, b"content").await;
    let origin = "https://videos.example";
    let asked = t
        .http
        .request(Method::OPTIONS, t.address(&key))
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "x-amz-checksum-crc32c")
        .send()
        .await
        .unwrap();
    assert!(asked.status().is_success());
    let header = |response: &reqwest::Response, name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_ascii_lowercase())
    };
    let any = |value: Option<String>| value.is_some_and(|value| value == "*" || value == origin);
    assert!(any(header(&asked, "access-control-allow-origin")));
    assert!(
        header(&asked, "access-control-allow-methods")
            .unwrap()
            .contains("put")
    );
    assert!(
        header(&asked, "access-control-allow-headers")
            .unwrap()
            .contains("checksum-crc32c")
    );

    let ttl = Duration::from_mins(1);
    let signed = t.blobs.presign_get(&key, t.endpoint(), ttl).await.unwrap();
    let got = t
        .http
        .get(signed.url)
        .header("origin", origin)
        .send()
        .await
        .unwrap();
    assert!(any(header(&got, "access-control-allow-origin")));
    assert!(
        header(&got, "access-control-expose-headers")
            .unwrap()
            .contains("etag")
    );
}

pub(super) async fn buckets_exist_or_not(t: Target) {
    t.blobs.ensure_bucket().await.unwrap();
    assert!(
        t.client
            .head_bucket()
            .bucket("no-such-bucket-here")
            .send()
            .await
            .is_err()
    );
    let put = t.client.put_object().bucket("no-such-bucket-here").key("k");
    let error = put
        .body(ByteStream::from_static(b"x"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("NoSuchBucket"));
    let listed = t.client.list_buckets().send().await.unwrap();
    assert!(
        listed
            .buckets()
            .iter()
            .any(|bucket| bucket.name() == Some(t.bucket()))
    );
    t.put(&t.key("k"), b"x").await;
    let error = t
        .client
        .delete_bucket()
        .bucket(t.bucket())
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("BucketNotEmpty"));
}
