use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    operation::put_object::builders::PutObjectFluentBuilder,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumMode},
};

use super::{Target, random_bytes};

const WRONG: &[u8] = b"what was not announced";

fn put(t: &Target, key: &str, body: &'static [u8]) -> PutObjectFluentBuilder {
    t.client
        .put_object()
        .bucket(t.bucket())
        .key(key)
        .body(ByteStream::from_static(body))
}

pub(super) async fn wrong_content_is_never_visible(t: Target) {
    let (new, old) = (t.key("new"), t.key("old"));
    t.put(&old, b"first").await;
    for key in [&new, &old] {
        let four = "AAAAAA==";
        let attempts = [
            put(&t, key, WRONG).checksum_crc32(four),
            put(&t, key, WRONG).checksum_crc32_c(four),
            put(&t, key, WRONG).checksum_crc64_nvme("AAAAAAAAAAA="),
            put(&t, key, WRONG).checksum_sha1("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            put(&t, key, WRONG).checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            put(&t, key, WRONG).content_md5("AAAAAAAAAAAAAAAAAAAAAA=="),
        ];
        for attempt in attempts {
            let error = attempt.send().await.unwrap_err();
            let code = error.code().unwrap_or_default().to_owned();
            assert!(
                ["BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"].contains(&&*code),
                "{code}: {error:?}"
            );
        }
    }
    assert!(t.blobs.head(&new).await.unwrap_err().is_not_found());
    assert_eq!(t.blobs.get(&old).await.unwrap(), "first");
    assert_eq!(
        t.blobs.list(&t.prefix, None).await.unwrap().objects.len(),
        1
    );
}

const ALGORITHMS: [ChecksumAlgorithm; 5] = [
    ChecksumAlgorithm::Crc32,
    ChecksumAlgorithm::Crc32C,
    ChecksumAlgorithm::Crc64Nvme,
    ChecksumAlgorithm::Sha1,
    ChecksumAlgorithm::Sha256,
];

pub(super) async fn right_checksums_are_kept(t: Target) {
    for algorithm in ALGORITHMS {
        let key = t.key(algorithm.as_str());
        let put = put(&t, &key, b"All happy families are alike");
        let put = put
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .unwrap();
        let head = t.client.head_object().bucket(t.bucket()).key(&key);
        let head = head
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .unwrap();
        let kept = [
            (
                head.checksum_crc32(),
                put.checksum_crc32(),
                ChecksumAlgorithm::Crc32,
            ),
            (
                head.checksum_crc32_c(),
                put.checksum_crc32_c(),
                ChecksumAlgorithm::Crc32C,
            ),
            (
                head.checksum_crc64_nvme(),
                put.checksum_crc64_nvme(),
                ChecksumAlgorithm::Crc64Nvme,
            ),
            (
                head.checksum_sha1(),
                put.checksum_sha1(),
                ChecksumAlgorithm::Sha1,
            ),
            (
                head.checksum_sha256(),
                put.checksum_sha256(),
                ChecksumAlgorithm::Sha256,
            ),
        ];
        let (kept, answered, _) = kept.iter().find(|(_, _, name)| *name == algorithm).unwrap();
        assert!(kept.is_some(), "{algorithm}");
        assert_eq!(kept, answered, "{algorithm}");
        // The client verifies what it reads.
        let get = t.client.get_object().bucket(t.bucket()).key(&key);
        let get = get
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .unwrap();
        assert_eq!(
            get.body.collect().await.unwrap().to_vec(),
            b"All happy families are alike"
        );
    }
}

/// The client sends a file in chunks, with its checksum at the end.
pub(super) async fn checksums_may_follow_the_body(t: Target) {
    let body = random_bytes(3_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    tokio::fs::write(file.path(), &body).await.unwrap();
    for algorithm in ALGORITHMS {
        let key = t.key(algorithm.as_str());
        let put = t.client.put_object().bucket(t.bucket()).key(&key);
        let put = put.checksum_algorithm(algorithm.clone());
        let put = put
            .body(ByteStream::from_path(file.path()).await.unwrap())
            .send()
            .await;
        put.unwrap_or_else(|error| panic!("{algorithm}: {error:?}"));
        assert_eq!(t.blobs.get(&key).await.unwrap(), body, "{algorithm}");
    }
}
