//! A real film through real ffmpeg, by workers of which one is stopped in the middle.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test, and ffprobe judges from outside"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::Plan;
use media::plan::ObjectRef;
use platform_blob::{Blobs, PutOptions, S3Blobs, S3Config};
use platform_bus::{Bus, EmbeddedBus, Subscription, Topic, publish_event};
use platform_core::{Lifecycle, Redacted, SystemClock};
use platform_db::Db;
use platform_http::{Addresses, Client, Discovery, Service};
use platform_objects::LocalFolder;
use schemas::v1::VideoUploaded;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId, VideoId};
use transcoder::{Config, Deps};
use url::Url;

const FILM: &str = "../testkit/media/bigbuckbunny-720p-5s.mp4";
const PATIENCE: Duration = Duration::from_mins(4);

/// What all processes share.
struct Town {
    dir: tempfile::TempDir,
    db: Db,
    bus: Arc<dyn Bus>,
    blobs: Arc<dyn Blobs>,
    client: Client,
}

impl Town {
    async fn new(ground: &Lifecycle) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = testkit::rows::open(dir.path(), ground).await;
        let bus = Arc::new(EmbeddedBus::open(db.clone(), ground).await.unwrap());
        let objects = platform_objects::Config {
            dir: dir.path().join("objects"),
            listen: ([127, 0, 0, 1], 0).into(),
            access_key: "key".to_owned(),
            secret_key: Redacted::new("secret"),
        };
        let served = platform_objects::serve(&objects, Arc::new(SystemClock), ground)
            .await
            .unwrap();
        let endpoint = Url::parse(&format!("http://{}", served.addr)).unwrap();
        let blobs = S3Blobs::new(&S3Config::new(endpoint, "key", objects.secret_key))
            .with_local(Arc::new(LocalFolder::new(&objects.dir)));
        blobs.ensure_bucket().await.unwrap();
        let discovery = Discovery::new(Addresses::default(), Some(dir.path().join("run")));
        Self {
            dir,
            db,
            bus,
            blobs: Arc::new(blobs),
            client: testkit::services::client_of(discovery),
        }
    }

    fn deps(&self, lifecycle: &Lifecycle) -> Deps {
        Deps {
            db: self.db.clone(),
            bus: Arc::clone(&self.bus),
            blobs: Arc::clone(&self.blobs),
            client: self.client.clone(),
            clock: Arc::new(SystemClock),
            lifecycle: lifecycle.clone(),
        }
    }

    fn config(&self) -> Config {
        let mut config = Config {
            bulk_slots: 1,
            urgent_slots: 1,
            ..Config::default()
        };
        config.tools.scratch = self.dir.path().join("scratch");
        config.staging.folder = self.dir.path().join("staging");
        config
    }

    async fn planner(&self) -> Lifecycle {
        let life = Lifecycle::new();
        transcoder::build_planner(self.config(), self.deps(&life))
            .await
            .unwrap();
        life
    }

    async fn worker(&self) -> Lifecycle {
        let life = Lifecycle::new();
        transcoder::build_worker(self.config(), self.deps(&life))
            .await
            .unwrap();
        life
    }

    /// Stores the bytes of a source and says that it was uploaded.
    async fn upload(&self, source: Vec<u8>) -> VideoId {
        let video = VideoId::random(&mut rand::rng());
        let source_key = format!("raw/{video}/source");
        let size_bytes = source.len() as u64;
        self.blobs
            .put(
                &source_key,
                Bytes::from(source),
                "video/mp4",
                PutOptions::default(),
            )
            .await
            .unwrap();
        let event = VideoUploaded {
            video_id: video.to_string(),
            owner: "local".to_owned(),
            source_key,
            size_bytes,
            ..VideoUploaded::default()
        };
        let event = NewEvent::new(OwnerId::local(), Payload::VideoUploaded(event));
        let event = event.stamp(0, &mut rand::rng());
        publish_event(&self.bus, Topic::Transcode, video.as_str(), &event)
            .await
            .unwrap();
        video
    }

    async fn listen(&self, topic: Topic) -> Box<dyn Subscription> {
        let topics = [topic.name().to_owned()];
        self.bus.subscribe("test", &topics).await.unwrap()
    }

    /// What the transcoder answers.
    async fn answer(&self, method: &str, path: &str) -> reqwest::Response {
        let method = method.parse().unwrap();
        let answer = self
            .client
            .send(method, Service::Transcoder, path, |request| request);
        answer.await.unwrap()
    }

    /// Everything that lies below `folder`.
    async fn objects(&self, folder: &str) -> BTreeSet<String> {
        let page = self.blobs.list(folder, None).await.unwrap();
        assert_eq!(page.next, None);
        let keys = page.objects.into_iter().map(|object| object.key);
        keys.map(|key| key.strip_prefix(folder).unwrap().to_owned())
            .collect()
    }

    /// The track below `folder` as one file.
    async fn assembled(&self, folder: &str, segments: u32, file: &Path) {
        let mut whole = self
            .blobs
            .get(&format!("{folder}init.mp4"))
            .await
            .unwrap()
            .to_vec();
        for n in 0..segments {
            let key = format!("{folder}{n}.m4s");
            whole.extend_from_slice(&self.blobs.get(&key).await.unwrap());
        }
        std::fs::write(file, whole).unwrap();
    }
}

/// Waits for the first event that `wanted` picks.
async fn told<T>(from: &mut Box<dyn Subscription>, wanted: impl Fn(Payload) -> Option<T>) -> T {
    let wait = async {
        loop {
            for delivery in from.next(100).await.unwrap() {
                let event = schemas::decode(&delivery.payload).unwrap();
                if let Some(found) = event.payload.and_then(&wanted) {
                    return found;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap()
}

/// How many frames a decoder shows of the first stream.
fn frames(file: &Path, kind: &str) -> u64 {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", kind])
        .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().trim_end_matches(',').parse().unwrap()
}

fn planned(plan: &Plan) -> BTreeSet<String> {
    let mut all: Vec<ObjectRef> = plan.segment_refs().map(ObjectRef::Segment).collect();
    all.extend([
        ObjectRef::Plan,
        ObjectRef::HlsMaster,
        ObjectRef::DashManifest,
        ObjectRef::Poster,
    ]);
    all.extend((0..plan.grid.chunk_count()).map(ObjectRef::Hover));
    for rung in &plan.rungs {
        all.push(ObjectRef::VideoPlaylist(rung.name.clone()));
        all.push(ObjectRef::VideoInit(rung.name.clone()));
    }
    for track in plan.track_numbers() {
        all.push(ObjectRef::AudioPlaylist(track));
        all.push(ObjectRef::AudioInit(track));
    }
    all.iter().map(ToString::to_string).collect()
}

async fn end(life: Lifecycle, grace: Duration) {
    assert!(life.finish(grace, std::future::pending()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_is_complete_and_exact_although_a_worker_stops_in_the_middle() {
    let ground = Lifecycle::new();
    let town = Town::new(&ground).await;
    let mut progress = town.listen(Topic::TranscodeProgress).await;
    let mut end_of_it = town.listen(Topic::PostTranscode).await;
    let planner = town.planner().await;
    let first = town.worker().await;
    let video = town.upload(std::fs::read(FILM).unwrap()).await;
    let total = told(&mut progress, |event| match event {
        Payload::ChunkEncoded(chunk) => Some(chunk.segments_total),
        _ => None,
    })
    .await;
    end(first, Duration::ZERO).await;
    let others = [town.worker().await, town.worker().await];
    let complete = told(&mut end_of_it, |event| match event {
        Payload::VideoTranscoded(complete) => Some(complete),
        _ => None,
    })
    .await;

    let folder = media::plan::folder(video.as_str(), 1);
    let plan = town.blobs.get(&format!("{folder}plan.json")).await.unwrap();
    let plan = Plan::from_json(&plan).unwrap();
    assert_eq!(plan.segment_total(), u64::from(total));
    assert_eq!(town.objects(&folder).await, planned(&plan));
    assert_eq!(complete.renditions.len(), plan.rungs.len());
    assert_eq!(complete.hover_images, plan.grid.chunk_count());

    let source = frames(Path::new(FILM), "v:0");
    assert_eq!(plan.grid.total_frames, source);
    let file = town.dir.path().join("whole.mp4");
    for rung in &plan.rungs {
        let track = format!("{folder}v/{}/", rung.name);
        town.assembled(&track, plan.grid.segment_count, &file).await;
        assert_eq!(frames(&file, "v:0"), source, "{}", rung.name);
    }
    town.assembled(&format!("{folder}a/0/"), plan.grid.segment_count, &file)
        .await;
    let sound = plan.grid.audio_boundary(plan.grid.segment_count);
    assert_eq!(frames(&file, "a:0"), sound);

    let path = format!("/internal/videos/{video}/availability");
    let answer = town.answer("GET", &path).await;
    let answer: serde_json::Value = answer.json().await.unwrap();
    let tracks = answer["tracks"].as_array().unwrap();
    assert_eq!(tracks.len(), plan.rungs.len() + 1);
    for track in tracks {
        assert_eq!(track["ready"][0][0], 0.0, "{track}");
        assert_eq!(track["ready"].as_array().unwrap().len(), 1, "{track}");
    }
    // The bus of the ground ends once nobody listens any more.
    progress.close().await;
    end_of_it.close().await;
    for life in others.into_iter().chain([planner, ground]) {
        end(life, Duration::from_secs(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_film_fails_with_a_sentence_and_leaves_nothing() {
    let ground = Lifecycle::new();
    let town = Town::new(&ground).await;
    let mut videos = town.listen(Topic::Videos).await;
    let planner = town.planner().await;
    let video = town
        .upload(b"This is a shopping list: eggs, milk.".to_vec())
        .await;
    let failed = told(&mut videos, |event| match event {
        Payload::VideoFailed(failed) => Some(failed),
        _ => None,
    })
    .await;
    assert_eq!(failed.video_id, video.as_str());
    assert_eq!(failed.problem_type, "not-a-video");
    assert!(failed.detail.contains("upload"), "{}", failed.detail);
    let folder = media::plan::folder(video.as_str(), 1);
    assert!(town.objects(&folder).await.is_empty());

    // The file is at fault: there is nothing for an operator to try again.
    let tasks = town
        .answer("GET", "/internal/tasks")
        .await
        .json::<serde_json::Value>();
    assert_eq!(tasks.await.unwrap()["items"], serde_json::json!([]));
    // The bus of the ground ends once nobody listens any more.
    videos.close().await;
    for life in [planner, ground] {
        end(life, Duration::from_secs(20)).await;
    }
}
