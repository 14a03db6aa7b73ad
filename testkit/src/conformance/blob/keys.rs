use bytes::Bytes;
use platform_blob::{BlobErrorKind, PutOptions};

use super::Target;

/// What a file system would take for something else. A store may refuse such keys.
const HOSTILE: &[&str] = &[
    "..",
    "../escape",
    "../../../../etc/passwd",
    "a/",
    "a//b",
    "a/./b",
    "a/../b",
    "/",
    "/absolute",
    ".",
    "C:\\windows",
    "index.db",
];

/// What a protocol or a program might mistreat.
const ODD: &[&str] = &[
    "%2e%2e%2fencoded",
    "100%",
    "with space + plus & and = ; ? # ",
    "quotes '\"<>`",
    "ünïcödé/日本/🎬",
    "e\u{301} is not é",
    "UPPER",
    "upper",
    "nul?*|",
];

/// Nor are these keys of ours, but they are keys.
const STRANGE: &[&str] = &["back\\slash", "new\nline\ttab", "\u{10ffff}"];

pub(super) async fn keys_are_never_paths(t: Target) {
    let mut kept = Vec::new();
    for name in HOSTILE.iter().chain(STRANGE) {
        let key = t.key(name);
        let body = Bytes::copy_from_slice(name.as_bytes());
        let put = t.blobs.put(&key, body, "text/plain", PutOptions::default());
        match put.await {
            Ok(_) => kept.push((key, *name)),
            // Refused in words is as good as kept apart.
            Err(error) => assert_eq!(error.kind(), BlobErrorKind::Invalid, "{name:?}: {error}"),
        }
    }
    come_back(&t, &kept).await;
}

pub(super) async fn odd_keys_come_back_as_they_are(t: Target) {
    let mut kept = Vec::new();
    for name in ODD {
        t.put(&t.key(name), name.as_bytes()).await;
        kept.push((t.key(name), *name));
    }
    come_back(&t, &kept).await;
}

pub(super) async fn an_object_may_have_others_below_it(t: Target) {
    let mut kept = Vec::new();
    for name in ["a", "a/b"] {
        t.put(&t.key(name), name.as_bytes()).await;
        kept.push((t.key(name), name));
    }
    t.blobs.delete(&t.key("a")).await.unwrap();
    kept.remove(0);
    come_back(&t, &kept).await;
}

/// Each of these objects has its name for content, nothing else is listed, and all can be deleted.
async fn come_back(t: &Target, kept: &[(String, &str)]) {
    for (key, name) in kept {
        let content = t.blobs.get(key).await;
        let content = content.unwrap_or_else(|error| panic!("{name:?}: {error:?}"));
        assert_eq!(content, name.as_bytes(), "{name:?}");
        let head = t.blobs.head(key).await.unwrap();
        assert_eq!(head.size, name.len() as u64, "{name:?}");
    }
    let list = async || t.blobs.list(&t.prefix, None).await.unwrap().objects;
    let listed: Vec<String> = list().await.into_iter().map(|object| object.key).collect();
    let mut expected: Vec<String> = kept.iter().map(|(key, _)| key.clone()).collect();
    expected.sort();
    assert_eq!(listed, expected);
    t.blobs.delete_many(&expected).await.unwrap();
    assert!(list().await.is_empty());
}

pub(super) async fn a_key_has_up_to_1024_bytes(t: Target) {
    // Parts of a key may be limited to what a file's name may have.
    let filler = format!("{}/", "k".repeat(199)).repeat(6);
    let longest = format!("{}{filler}", t.prefix);
    let longest = longest.get(..1024).unwrap();
    t.put(longest, b"long").await;
    assert_eq!(t.blobs.get(longest).await.unwrap(), "long");
    let longer = format!("{longest}k");
    let put = t
        .blobs
        .put(&longer, "x".into(), "a/b", PutOptions::default());
    assert_eq!(put.await.unwrap_err().kind(), BlobErrorKind::Invalid);
}
