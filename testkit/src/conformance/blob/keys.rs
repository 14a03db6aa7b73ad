use platform_blob::{BlobErrorKind, PutOptions};

use super::Target;

const HOSTILE: &[&str] = &[
    "..",
    "../escape",
    "../../../../etc/passwd",
    "a",
    "a/",
    "a/b",
    "a//b",
    "a/./b",
    "a/../b",
    "/",
    "/absolute",
    ".",
    "%2e%2e%2fencoded",
    "100%",
    "with space + plus & and = ; ? # ",
    "quotes '\"<>`",
    "back\\slash",
    "C:\\windows",
    "new\nline\ttab\u{1}control",
    "ünïcödé/日本/🎬",
    "e\u{301} is not é",
    "\u{10ffff}",
    "UPPER",
    "upper",
    "nul?*|",
    "index.db",
];

pub(super) async fn keys_are_never_paths(t: Target) {
    for name in HOSTILE {
        t.put(&t.key(name), name.as_bytes()).await;
    }
    for name in HOSTILE {
        let content = t
            .blobs
            .get(&t.key(name))
            .await
            .unwrap_or_else(|e| panic!("{name:?}: {e:?}"));
        assert_eq!(content, name.as_bytes(), "{name:?}");
        assert_eq!(
            t.blobs.head(&t.key(name)).await.unwrap().size,
            name.len() as u64,
            "{name:?}"
        );
    }
    let listed = t.blobs.list(&t.prefix, None).await.unwrap().objects;
    let mut expected: Vec<String> = HOSTILE.iter().map(|name| t.key(name)).collect();
    expected.sort();
    assert_eq!(
        listed
            .into_iter()
            .map(|object| object.key)
            .collect::<Vec<_>>(),
        expected
    );

    t.blobs.delete(&t.key("a")).await.unwrap();
    assert_eq!(t.blobs.get(&t.key("a/b")).await.unwrap(), "a/b");
    t.blobs.delete_many(&expected).await.unwrap();
    assert!(
        t.blobs
            .list(&t.prefix, None)
            .await
            .unwrap()
            .objects
            .is_empty()
    );
}

pub(super) async fn a_key_has_up_to_1024_bytes(t: Target) {
    let longest = format!("{}{}", t.prefix, "k".repeat(1024 - t.prefix.len()));
    t.put(&longest, b"long").await;
    assert_eq!(t.blobs.get(&longest).await.unwrap(), "long");
    let longer = format!("{longest}k");
    let put = t
        .blobs
        .put(&longer, "x".into(), "a/b", PutOptions::default());
    assert_eq!(put.await.unwrap_err().kind(), BlobErrorKind::Invalid);
}
