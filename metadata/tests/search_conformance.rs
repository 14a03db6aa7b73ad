//! The embedded search index keeps the promises of its seam.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use metadata::search::{Audience, Change, Document, Query, SearchIndex, TantivyIndex};

#[tokio::test]
async fn the_embedded_index_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let made = AtomicU32::new(0);
    testkit::conformance::search::run(|| {
        let n = made.fetch_add(1, Ordering::Relaxed);
        let folder = dir.path().join(n.to_string());
        async move {
            let index: Arc<dyn SearchIndex> = Arc::new(TantivyIndex::open(&folder).await.unwrap());
            index
        }
    })
    .await;
}

fn film() -> Change {
    Change::Put(Document {
        video_id: "a".repeat(26),
        version: 1,
        owner: "ada".to_owned(),
        public: true,
        title: "Film".to_owned(),
        description: String::new(),
        published_at_ms: 1,
    })
}

async fn hits(index: &TantivyIndex) -> usize {
    let query = Query {
        audience: Audience::Everybody,
        text: "film".to_owned(),
        limit: 10,
        cursor: None,
    };
    index.search(query).await.unwrap().hits.len()
}

/// An index with one film in it, closed again; its folder and its name.
async fn closed(dir: &tempfile::TempDir) -> (PathBuf, String) {
    let folder = dir.path().join("index");
    let index = TantivyIndex::open(&folder).await.unwrap();
    index.apply(vec![film()]).await.unwrap();
    assert_eq!(hits(&index).await, 1);
    (folder, index.id().await.unwrap())
}

#[tokio::test]
async fn what_was_applied_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, id) = closed(&dir).await;
    let again = TantivyIndex::open(&folder).await.unwrap();
    assert_eq!(again.id().await.unwrap(), id);
    assert_eq!(hits(&again).await, 1);
}

#[tokio::test]
async fn an_index_has_one_writer_and_is_not_thrown_away_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, id) = closed(&dir).await;
    let first = TantivyIndex::open(&folder).await.unwrap();
    let second = TantivyIndex::open(&folder).await.unwrap_err();
    assert!(second.to_string().contains("another process"), "{second}");
    assert_eq!(first.id().await.unwrap(), id);
    assert_eq!(hits(&first).await, 1);
}

#[tokio::test]
async fn a_damaged_index_begins_anew() {
    for damage in ["flip", "cut", "remove", "meta"] {
        let dir = tempfile::tempdir().unwrap();
        let (folder, id) = closed(&dir).await;
        let files = std::fs::read_dir(&folder).unwrap();
        for file in files.map(|file| file.unwrap().path()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let data = !name.starts_with('.') && file.extension().is_none_or(|it| it != "json");
            match damage {
                "flip" if data => {
                    let mut bytes = std::fs::read(&file).unwrap();
                    bytes[0] ^= 0xff;
                    std::fs::write(&file, bytes).unwrap();
                }
                "cut" if data => std::fs::write(&file, [0; 3]).unwrap(),
                "remove" if data => std::fs::remove_file(&file).unwrap(),
                "meta" if name == "meta.json" => std::fs::write(&file, "{").unwrap(),
                _ => {}
            }
        }
        let again = TantivyIndex::open(&folder).await.unwrap();
        assert_ne!(again.id().await.unwrap(), id, "{damage}");
        assert_eq!(hits(&again).await, 0, "{damage}");
    }
}
