//! Films in a store elsewhere: only what a run needs is fetched, and seeking is right.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

mod clips;

use std::path::Path;
use std::sync::Arc;

use clips::{assemble, counting_film, ffmpeg, numbers, tools, video_job};
use media::{Plan, PlanSettings};
use platform_blob::{Blobs, PutOptions};
use testkit::memory_blobs::MemoryBlobs;
use tokio_util::sync::CancellationToken;
use transcoder::staging::{Need, StageError, Staging, StagingConfig};
use transcoder::toolbox::Toolbox;

/// A store of one film.
async fn store_of(path: &Path, is_local: bool) -> Arc<MemoryBlobs> {
    let store = MemoryBlobs::default();
    if is_local {
        store.put_local("film", path).unwrap();
    } else {
        let bytes = std::fs::read(path).unwrap().into();
        let put = store.put("film", bytes, "", PutOptions::default());
        put.await.unwrap();
    }
    Arc::new(store)
}

fn staging(
    folder: &Path,
    store: &Arc<MemoryBlobs>,
    tools: &Arc<Toolbox>,
    budget_mib: u64,
) -> Staging {
    let config = StagingConfig {
        folder: folder.join("staging"),
        budget_mib,
        ..StagingConfig::default()
    };
    let store: Arc<dyn Blobs> = Arc::<MemoryBlobs>::clone(store);
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
    let store = store_of(&at.join("heavy.mp4"), false).await;
    let staging = staging(at, &store, &tools, 100);
    let plan = plan(&tools, &staging).await;
    assert_eq!(plan.grid.total_frames, 1000);
    assert_eq!(
        segment(&tools, &staging, &plan, 6).await,
        (600..700).collect::<Vec<_>>()
    );
    let size = store.head("film").await.unwrap().size;
    assert!(
        store.bytes_read() < size / 2,
        "{} of {size} bytes were read",
        store.bytes_read()
    );
    let before = store.bytes_read();
    assert_eq!(segment(&tools, &staging, &plan, 6).await.len(), 100);
    assert_eq!(store.bytes_read(), before, "what is here was fetched again");
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
    let store = store_of(&film, false).await;
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
    assert!(store.bytes_read() >= store.head("film").await.unwrap().size);
}

#[tokio::test]
async fn a_transport_stream_gets_an_index_before_it_is_cut_far_in() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let film = counting_film(at, "film.mp4", "30000/1001", 30);
    ffmpeg(at, &format!("-i {} -c copy film.ts", film.display()));
    let tools = tools(at).await;
    for is_local in [true, false] {
        let store = store_of(&at.join("film.ts"), is_local).await;
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

/// Names of what is in the staging folder of this process, and which of it is held open.
fn kept(folder: &Path) -> (Vec<String>, Vec<String>) {
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().flatten();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let films = entries(&folder.join("staging")).flat_map(|process| entries(&process.path()));
    let films = films.map(|film| name(&film.path()));
    let open = entries(Path::new("/proc/self/fd"));
    let open = open.filter_map(|file| std::fs::read_link(file.path()).ok());
    let open = open
        .filter(|path| path.starts_with(folder))
        .map(|path| name(&path));
    let is_film = |name: &String| name.starts_with("film-");
    (
        films.filter(is_film).collect(),
        open.filter(is_film).collect(),
    )
}

#[tokio::test]
async fn a_film_that_nobody_needs_any_more_goes_and_none_is_held_open() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let film = counting_film(at, "film.mp4", "25", 2);
    let tools = tools(at).await;
    let store = store_of(&film, false).await;
    let config = StagingConfig {
        folder: at.join("staging"),
        keep_s: 0,
        ..StagingConfig::default()
    };
    let staging = Staging::new(store, Arc::clone(&tools), &config).unwrap();
    let cancel = CancellationToken::new();
    let source = staging.open("film", &Need::Probe, &cancel).await.unwrap();
    assert_eq!(kept(at), (vec!["film-1".to_owned()], Vec::new()));
    staging.tidy().await;
    assert_eq!(kept(at).0.len(), 1, "it is in use");
    drop(source);
    staging.tidy().await;
    assert_eq!(kept(at).0, Vec::<String>::new());
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
        let store = store_of(&at.join("film"), false).await;
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
