use std::time::Duration;

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{
        ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
    },
};
use bytes::Bytes;
use platform_blob::{BlobErrorKind, MultipartId, Part, PartToSign};
use reqwest::StatusCode;

use super::{PART, Target, crc32c, random_bytes};

impl Target {
    pub(super) async fn open(&self, key: &str) -> MultipartId {
        self.blobs.create_multipart(key, "video/mp4").await.unwrap()
    }

    /// Sends a part as a client would: by the address it was given, with those headers.
    pub(super) async fn send(
        &self,
        key: &str,
        id: &MultipartId,
        number: u32,
        body: &Bytes,
    ) -> StatusCode {
        let sum = crc32c(body);
        let size = body.len() as u64;
        let part = PartToSign {
            key,
            id,
            number,
            size,
            crc32c: &sum,
        };
        let signed = self
            .blobs
            .presign_part(part, self.endpoint(), Duration::from_mins(5));
        let signed = signed.await.unwrap();
        assert_eq!(signed.method, "PUT");
        let mut request = self.http.put(signed.url).body(body.clone());
        for (name, value) in signed.headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status()
    }

    pub(super) async fn parts(&self, key: &str, id: &MultipartId) -> Vec<Part> {
        self.blobs.list_parts(key, id).await.unwrap()
    }
}

pub(super) async fn parts_make_an_object(t: Target) {
    let key = t.key("film");
    let id = t.open(&key).await;
    let bodies = [random_bytes(PART), random_bytes(PART), random_bytes(1000)];
    // They arrive in any order.
    for number in [2, 1, 3_u32] {
        let body = &bodies[number as usize - 1];
        assert_eq!(t.send(&key, &id, number, body).await, StatusCode::OK);
        assert!(
            t.blobs.head(&key).await.unwrap_err().is_not_found(),
            "visible too early"
        );
    }
    let parts = t.parts(&key, &id).await;
    for (part, body) in parts.iter().zip(&bodies) {
        assert_eq!(part.size, body.len() as u64);
        assert_eq!(part.crc32c, Some(crc32c(body)));
    }
    assert_eq!(
        parts.iter().map(|part| part.number).collect::<Vec<_>>(),
        [1, 2, 3]
    );

    let head = t.blobs.complete_multipart(&key, &id, &parts).await.unwrap();
    assert_eq!(head.size, 2 * PART as u64 + 1000);
    assert_eq!(head.content_type.as_deref(), Some("video/mp4"));
    assert!(head.crc32c.unwrap().ends_with("-3"));
    let whole = bodies.concat();
    assert_eq!(t.blobs.get(&key).await.unwrap(), whole);
    let middle = PART as u64 - 5..PART as u64 + 5;
    assert_eq!(
        t.blobs.get_range(&key, middle).await.unwrap(),
        whole[PART - 5..PART + 5]
    );
    if let Some(path) = t.blobs.local_path(&key).await.unwrap() {
        assert_eq!(tokio::fs::read(path).await.unwrap(), whole);
    }
    let late = t.send(&key, &id, 3, &bodies[2]).await;
    assert_eq!(late, StatusCode::NOT_FOUND, "a part after completion");
}

pub(super) async fn a_part_is_replaced_and_another_left_out(t: Target) {
    let key = t.key("film");
    let id = t.open(&key).await;
    let (first, again) = (random_bytes(PART), random_bytes(PART + 1));
    let (left_out, last) = (random_bytes(PART), random_bytes(10));
    for (number, body) in [(1, &first), (2, &left_out), (1, &again), (7, &last)] {
        assert_eq!(t.send(&key, &id, number, body).await, StatusCode::OK);
    }
    let mut parts = t.parts(&key, &id).await;
    assert_eq!(parts.len(), 3);
    parts.retain(|part| part.number != 2);
    t.blobs.complete_multipart(&key, &id, &parts).await.unwrap();
    assert_eq!(t.blobs.get(&key).await.unwrap(), [again, last].concat());
}

pub(super) async fn what_is_not_stored_cannot_be_completed(t: Target) {
    let key = t.key("film");
    let id = t.open(&key).await;
    let bodies = [random_bytes(PART), random_bytes(PART - 1), random_bytes(5)];
    for (body, number) in bodies.iter().zip(1..) {
        assert_eq!(t.send(&key, &id, number, body).await, StatusCode::OK);
    }
    let parts = t.parts(&key, &id).await;
    let etag = "\"0123456789abcdef0123456789abcdef\"".to_owned();
    let other_etag = Part {
        etag,
        ..parts[0].clone()
    };
    let mut other_sum = parts[0].clone();
    other_sum.crc32c = Some("AAAAAA==".to_owned());
    let mut unknown = parts[0].clone();
    unknown.number = 9;
    let wrong: [&[Part]; 6] = [
        &[other_etag],
        &[other_sum],
        &[unknown],
        &[parts[1].clone(), parts[0].clone()],
        &[parts[0].clone(), parts[1].clone(), parts[2].clone()],
        &[],
    ];
    for list in wrong {
        let error = t
            .blobs
            .complete_multipart(&key, &id, list)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), BlobErrorKind::Invalid, "{list:?}: {error:?}");
        assert!(t.blobs.head(&key).await.unwrap_err().is_not_found());
    }
    let stranger = MultipartId("0123456789abcdef0123456789abcdef".to_owned());
    let error = t
        .blobs
        .complete_multipart(&key, &stranger, &parts)
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error:?}");

    assert_eq!(t.parts(&key, &id).await, parts, "a refusal keeps the parts");
    let right = [parts[0].clone(), parts[2].clone()];
    t.blobs.complete_multipart(&key, &id, &right).await.unwrap();
    assert_eq!(
        t.blobs.get(&key).await.unwrap(),
        [&*bodies[0], &*bodies[2]].concat()
    );
}

pub(super) async fn aborting_frees_everything(t: Target) {
    let key = t.key("film");
    let id = t.open(&key).await;
    let body = random_bytes(1000);
    assert_eq!(t.send(&key, &id, 1, &body).await, StatusCode::OK);
    let parts = t.parts(&key, &id).await;
    t.blobs.abort_multipart(&key, &id).await.unwrap();
    t.blobs.abort_multipart(&key, &id).await.unwrap();
    assert!(
        t.blobs
            .list_parts(&key, &id)
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert!(
        t.blobs
            .complete_multipart(&key, &id, &parts)
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert_eq!(t.send(&key, &id, 2, &body).await, StatusCode::NOT_FOUND);
    assert!(t.blobs.list_multiparts(&t.prefix).await.unwrap().is_empty());
    assert!(t.blobs.head(&key).await.unwrap_err().is_not_found());
}

pub(super) async fn open_uploads_of_a_key_are_listed(t: Target) {
    let (one, two) = (t.key("one"), t.key("two"));
    let (first, second, _) = (t.open(&one).await, t.open(&one).await, t.open(&two).await);
    let mut ids: Vec<_> = [&first, &second].map(|id| id.0.clone()).into();
    ids.sort();
    let open = t.blobs.list_multiparts(&one).await.unwrap();
    assert!(open.iter().all(|upload| upload.key == one));
    assert!(open.iter().all(|upload| upload.created_unix_ms.is_some()));
    let mut listed: Vec<_> = open.into_iter().map(|upload| upload.id.0).collect();
    listed.sort();
    assert_eq!(listed, ids);
    t.blobs.abort_multipart(&one, &first).await.unwrap();
    assert_eq!(t.blobs.list_multiparts(&one).await.unwrap().len(), 1);
}

pub(super) async fn open_uploads_are_listed_by_prefix(t: Target) {
    let (one, two) = (t.key("one"), t.key("two"));
    let (first, second, third) = (t.open(&one).await, t.open(&one).await, t.open(&two).await);
    let mut open = t.blobs.list_multiparts(&t.prefix).await.unwrap();
    open.sort_by(|one, other| one.id.0.cmp(&other.id.0));
    let mut expected = vec![(&one, &first), (&one, &second), (&two, &third)];
    expected.sort_by(|one, other| one.1.0.cmp(&other.1.0));
    assert_eq!(
        open.iter()
            .map(|upload| (&upload.key, &upload.id))
            .collect::<Vec<_>>(),
        expected
    );
}

/// A checksum of the bytes follows from those of the parts; one of the checksums names them.
pub(super) async fn checksums_of_parts_make_that_of_the_whole(t: Target) {
    let bodies = [random_bytes(PART), random_bytes(12_345)];
    for kind in [ChecksumType::FullObject, ChecksumType::Composite] {
        let key = t.key(kind.as_str());
        let create = t
            .client
            .create_multipart_upload()
            .bucket(t.bucket())
            .key(&key);
        let create = create.checksum_algorithm(ChecksumAlgorithm::Crc32C);
        let create = create.checksum_type(kind.clone()).send().await.unwrap();
        let id = create.upload_id().unwrap();
        let mut parts = Vec::new();
        for (body, number) in bodies.iter().zip(1..) {
            let part = t
                .client
                .upload_part()
                .bucket(t.bucket())
                .key(&key)
                .upload_id(id);
            let part = part
                .part_number(number)
                .checksum_algorithm(ChecksumAlgorithm::Crc32C);
            let part = part
                .body(ByteStream::from(body.clone()))
                .send()
                .await
                .unwrap();
            let done = CompletedPart::builder()
                .part_number(number)
                .e_tag(part.e_tag().unwrap());
            parts.push(done.set_checksum_crc32_c(part.checksum_crc32_c).build());
        }
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let complete = t
            .client
            .complete_multipart_upload()
            .bucket(t.bucket())
            .key(&key);
        let complete = complete
            .upload_id(id)
            .checksum_type(kind.clone())
            .multipart_upload(parts);
        complete.send().await.unwrap();

        let head = t.client.head_object().bucket(t.bucket()).key(&key);
        let head = head
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .unwrap();
        let sum = head.checksum_crc32_c().unwrap();
        if kind == ChecksumType::FullObject {
            assert_eq!(sum, crc32c(&bodies.concat()));
        } else {
            assert!(sum.ends_with("-2"), "{sum}");
        }
    }
}
