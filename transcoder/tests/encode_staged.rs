//! Films in a store elsewhere: only what a run needs is fetched, and seeking is right.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a failed test should panic"
)]

mod clips;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use clips::{assemble, counting_film, ffmpeg, numbers, tools, video_job};
use media::{Plan, PlanSettings};
use platform_blob::{
    BlobError, BlobErrorKind, BlobStream, Blobs, Head, ListPage, MultipartId, OpenMultipart, Part,
    PartToSign, PresignedRequest, PutOptions,
};
use tokio_util::sync::CancellationToken;
use transcoder::staging::{Need, StageError, Staging, StagingConfig};
use transcoder::toolbox::Toolbox;
use url::Url;

/// A store of one film, which counts what is read of it.
#[derive(Debug)]
struct OneFilm {
    bytes: Bytes,
    local: Option<PathBuf>,
    read: AtomicU64,
}

impl OneFilm {
    fn new(path: &Path, is_local: bool) -> Arc<Self> {
        let bytes = std::fs::read(path).unwrap().into();
        let local = is_local.then(|| path.to_owned());
        Arc::new(Self {
            bytes,
            local,
            read: AtomicU64::new(0),
        })
    }

    fn read(&self) -> u64 {
        self.read.load(Ordering::SeqCst)
    }
}

fn not_asked_for<T>() -> Result<T, BlobError> {
    Err(BlobError::new(BlobErrorKind::Denied, "staging only reads"))
}

#[async_trait]
impl Blobs for OneFilm {
    async fn ensure_bucket(&self) -> Result<(), BlobError> {
        not_asked_for()
    }
    async fn put(&self, _: &str, _: Bytes, _: &str, _: PutOptions) -> Result<Head, BlobError> {
        not_asked_for()
    }
    async fn get(&self, _: &str) -> Result<Bytes, BlobError> {
        not_asked_for()
    }
    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        self.head(key).await?;
        let end = (range.end as usize).min(self.bytes.len());
        let bytes = self.bytes.slice(range.start as usize..end);
        self.read.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(bytes)
    }
    async fn get_stream(&self, _: &str) -> Result<BlobStream, BlobError> {
        not_asked_for()
    }
    async fn head(&self, key: &str) -> Result<Head, BlobError> {
        if key != "film" {
            return Err(BlobError::new(BlobErrorKind::NotFound, "no such film"));
        }
        let size = self.bytes.len() as u64;
        Ok(Head {
            size,
            etag: String::new(),
            content_type: None,
            crc32c: None,
        })
    }
    async fn delete(&self, _: &str) -> Result<(), BlobError> {
        not_asked_for()
    }
    async fn delete_many(&self, _: &[String]) -> Result<(), BlobError> {
        not_asked_for()
    }
    async fn list(&self, _: &str, _: Option<&str>) -> Result<ListPage, BlobError> {
        not_asked_for()
    }
    async fn create_multipart(&self, _: &str, _: &str) -> Result<MultipartId, BlobError> {
        not_asked_for()
    }
    async fn presign_part(
        &self,
        _: PartToSign<'_>,
        _: &Url,
        _: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        not_asked_for()
    }
    async fn list_parts(&self, _: &str, _: &MultipartId) -> Result<Vec<Part>, BlobError> {
        not_asked_for()
    }
    async fn complete_multipart(
        &self,
        _: &str,
        _: &MultipartId,
        _: &[Part],
    ) -> Result<Head, BlobError> {
        not_asked_for()
    }
    async fn abort_multipart(&self, _: &str, _: &MultipartId) -> Result<(), BlobError> {
        not_asked_for()
    }
    async fn list_multiparts(&self, _: &str) -> Result<Vec<OpenMultipart>, BlobError> {
        not_asked_for()
    }
    async fn presign_get(
        &self,
        _: &str,
        _: &Url,
        _: Duration,
    ) -> Result<PresignedRequest, BlobError> {
        not_asked_for()
    }
    async fn local_path(&self, key: &str) -> Result<Option<PathBuf>, BlobError> {
        self.head(key).await?;
        Ok(self.local.clone())
    }
}

fn staging(folder: &Path, store: &Arc<OneFilm>, tools: &Arc<Toolbox>, budget_mib: u64) -> Staging {
    let config = StagingConfig {
        folder: folder.join("staging"),
        budget_mib,
    };
    let store: Arc<dyn Blobs> = Arc::<OneFilm>::clone(store);
    Staging::new(store, Arc::clone(tools), &config).unwrap()
}

async fn plan(tools: &Toolbox, staging: &Staging) -> Arc<Plan> {
    let cancel = CancellationToken::new();
    let source = staging.open("film", &Need::Probe, &cancel).await.unwrap();
    let film = tools.probe(&source, &cancel).await.unwrap();
    let settings = PlanSettings {
        short_sides: vec![180],
        ..PlanSettings::default()
    };
    Arc::new(Plan::build("film", 1, &film, &settings).unwrap())
}

/// The numbers on the frames of one segment.
async fn segment(tools: &Toolbox, staging: &Staging, plan: &Arc<Plan>, index: u32) -> Vec<u32> {
    let segments = index..index + 1;
    let need = Need::video(plan, &segments);
    let source = staging
        .open("film", &need, &CancellationToken::new())
        .await
        .unwrap();
    let output = tools
        .encode_video(video_job(plan, &source, segments))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("segment.mp4");
    assemble(&path, &[&output.rungs[0]]);
    numbers(&path)
}

#[tokio::test]
async fn of_an_mp4_only_the_ranges_of_a_piece_are_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let film = counting_film(at, "film.mp4", "25", 40);
    // Its index at the end, keyframes every two seconds, and some weight.
    ffmpeg(
        at,
        &format!(
            "-i {} -vf noise=alls=20 -c:v libx264 -preset ultrafast -g 50 -c:a copy heavy.mp4",
            film.display()
        ),
    );
    let tools = tools(at).await;
    let store = OneFilm::new(&at.join("heavy.mp4"), false);
    let staging = staging(at, &store, &tools, 100);
    let plan = plan(&tools, &staging).await;
    assert_eq!(plan.grid.total_frames, 1000);
    assert_eq!(
        segment(&tools, &staging, &plan, 6).await,
        (600..700).collect::<Vec<_>>()
    );
    let size = store.bytes.len() as u64;
    assert!(
        store.read() < size / 2,
        "{} of {size} bytes were read",
        store.read()
    );
    let before = store.read();
    assert_eq!(segment(&tools, &staging, &plan, 6).await.len(), 100);
    assert_eq!(store.read(), before, "what is here was fetched again");
}

#[tokio::test]
async fn a_film_whose_index_lies_is_fetched_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let film = counting_film(at, "film.mp4", "25", 30);
    ffmpeg(
        at,
        &format!(
            "-i {} -vf noise=alls=20 -c:v libx264 -preset ultrafast -g 1000 -c:a copy lie.mp4",
            film.display()
        ),
    );
    let film = at.join("lie.mp4");
    // Its one keyframe is the first; without the list of them, every frame is said to be one.
    let mut bytes = std::fs::read(&film).unwrap();
    let list = bytes.windows(4).rposition(|kind| kind == b"stss").unwrap();
    bytes[list..list + 4].copy_from_slice(b"free");
    std::fs::write(&film, bytes).unwrap();
    let tools = tools(at).await;
    let store = OneFilm::new(&film, false);
    let staging = staging(at, &store, &tools, 100);
    let plan = plan(&tools, &staging).await;
    let need = Need::video(&plan, &(5..6));
    let cancel = CancellationToken::new();
    let part = staging.open("film", &need, &cancel).await.unwrap();
    assert!(!part.is_whole());
    let on_a_part = tools.encode_video(video_job(&plan, &part, 5..6)).await;
    assert!(on_a_part.is_err(), "the index does not matter");
    let encode = |source| tools.encode_video(video_job(&plan, &source, 5..6));
    let output = staging.work_on("film", &need, &cancel, encode).await;
    let path = at.join("segment.mp4");
    assemble(&path, &[&output.unwrap().unwrap().rungs[0]]);
    assert_eq!(numbers(&path), (500..600).collect::<Vec<_>>());
    assert!(store.read() >= store.bytes.len() as u64);
}

#[tokio::test]
async fn a_transport_stream_gets_an_index_before_it_is_cut_far_in() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let film = counting_film(at, "film.mp4", "30000/1001", 30);
    ffmpeg(at, &format!("-i {} -c copy film.ts", film.display()));
    let tools = tools(at).await;
    for is_local in [true, false] {
        let store = OneFilm::new(&at.join("film.ts"), is_local);
        let staging = staging(at, &store, &tools, 100);
        let plan = plan(&tools, &staging).await;
        for index in [0, 3, 6] {
            let wanted: Vec<_> = (index * 120..(index + 1) * 120).collect();
            assert_eq!(
                segment(&tools, &staging, &plan, index).await,
                wanted,
                "{is_local}"
            );
        }
        let need = Need::video(&plan, &(6..7));
        let source = staging
            .open("film", &need, &CancellationToken::new())
            .await
            .unwrap();
        assert!(source.size() > 0 && source.is_whole());
    }
}

#[tokio::test]
async fn what_cannot_be_staged_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tools = tools(at).await;
    for (bytes, budget, said) in [
        (Vec::new(), 1, "empty"),
        (b"no film".to_vec(), 1, "not a video"),
        (
            [b"RIFF\0\0\0\0AVI ".to_vec(), vec![0; 2 << 20]].concat(),
            1,
            "scratch space",
        ),
    ] {
        std::fs::write(at.join("film"), bytes).unwrap();
        let store = OneFilm::new(&at.join("film"), false);
        let staging = staging(at, &store, &tools, budget);
        let cancel = CancellationToken::new();
        let error = staging
            .open("film", &Need::Probe, &cancel)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        let gone = staging
            .open("other", &Need::Probe, &cancel)
            .await
            .unwrap_err();
        assert!(matches!(gone, StageError::Gone));
    }
}
