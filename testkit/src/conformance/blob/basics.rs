use bytes::Bytes;
use futures_util::{TryStreamExt, future::join_all};
use platform_blob::{BlobErrorKind, PutOptions};

use super::{Target, crc32c, random_bytes};

pub(super) async fn what_was_put_is_read_back(t: Target) {
    for size in [0, 1, 70_000, (3 << 20) + 7] {
        let (key, body) = (t.key(&format!("{size}")), random_bytes(size));
        let put = t
            .blobs
            .put(&key, body.clone(), "video/mp4", PutOptions::default())
            .await
            .unwrap();
        assert_eq!(t.blobs.get(&key).await.unwrap(), body, "{size} bytes");

        let head = t.blobs.head(&key).await.unwrap();
        assert_eq!(head.size, size as u64);
        assert_eq!(head.etag, put.etag);
        assert_eq!(head.content_type.as_deref(), Some("video/mp4"));
        assert_eq!(head.crc32c, Some(crc32c(&body)));

        let stream = t.blobs.get_stream(&key).await.unwrap();
        assert_eq!(stream.head.size, size as u64);
        let pieces: Vec<Bytes> = stream.bytes.try_collect().await.unwrap();
        assert_eq!(pieces.concat(), body);
    }
    let key = t.key("1");
    let before = t.blobs.head(&key).await.unwrap();
    t.put(&key, b"another").await;
    assert_eq!(t.blobs.get(&key).await.unwrap(), "another");
    assert_ne!(t.blobs.head(&key).await.unwrap().etag, before.etag);
}

pub(super) async fn ranges_are_cut_to_the_object(t: Target) {
    let key = t.key("digits");
    t.put(&key, b"0123456789").await;
    assert_eq!(t.blobs.get_range(&key, 0..1).await.unwrap(), "0");
    assert_eq!(t.blobs.get_range(&key, 3..7).await.unwrap(), "3456");
    assert_eq!(t.blobs.get_range(&key, 8..100).await.unwrap(), "89");
    for (start, end) in [(10, 11), (50, 60), (4, 4)] {
        let error = t.blobs.get_range(&key, start..end).await.unwrap_err();
        assert_eq!(error.kind(), BlobErrorKind::Invalid, "{start}..{end}");
    }
    let get = t.client.get_object().bucket(t.bucket()).key(&key);
    let suffix = get.range("bytes=-3").send().await.unwrap();
    assert_eq!(suffix.content_range(), Some("bytes 7-9/10"));
    assert_eq!(suffix.body.collect().await.unwrap().into_bytes(), "789");
}

pub(super) async fn what_is_missing_is_not_found(t: Target) {
    let key = t.key("nothing");
    let errors = [
        t.blobs.get(&key).await.unwrap_err(),
        t.blobs.get_range(&key, 0..1).await.unwrap_err(),
        t.blobs.get_stream(&key).await.unwrap_err(),
        t.blobs.head(&key).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_not_found(), "{error:?}");
        assert!(!error.retryable());
    }
    assert_eq!(t.blobs.local_path(&key).await.unwrap(), None);
}

pub(super) async fn deleting_is_repeatable(t: Target) {
    let key = t.key("gone");
    t.put(&key, b"soon").await;
    let path = t.blobs.local_path(&key).await.unwrap();
    if let Some(path) = path {
        assert_eq!(tokio::fs::read(path).await.unwrap(), b"soon");
    }
    t.blobs.delete(&key).await.unwrap();
    assert!(t.blobs.get(&key).await.unwrap_err().is_not_found());
    t.blobs.delete(&key).await.unwrap();
    t.blobs
        .put(
            &key,
            Bytes::from("again"),
            "text/plain",
            PutOptions::IF_ABSENT,
        )
        .await
        .unwrap();
}

pub(super) async fn a_reader_sees_one_content_or_the_other(t: Target) {
    let key = t.key("flag");
    let contents = [
        Bytes::from(vec![b'a'; 300_000]),
        Bytes::from(vec![b'b'; 200_000]),
    ];
    t.put(&key, &contents[0]).await;
    let writing = async {
        for turn in 0..20 {
            t.put(&key, &contents[turn % 2]).await;
        }
    };
    let reading = async {
        for _ in 0..40 {
            let seen = t.blobs.get(&key).await.unwrap();
            assert!(contents.contains(&seen), "{} bytes of both", seen.len());
        }
    };
    tokio::join!(writing, reading);
}

pub(super) async fn many_small_objects_are_put_at_once(t: Target) {
    let keys: Vec<String> = (0..200)
        .map(|number| t.key(&format!("{number:03}")))
        .collect();
    join_all(keys.iter().map(|key| t.put(key, key.as_bytes()))).await;
    let contents = join_all(keys.iter().map(|key| t.blobs.get(key))).await;
    for (key, content) in keys.iter().zip(contents) {
        assert_eq!(content.unwrap(), key.as_bytes());
    }
}
