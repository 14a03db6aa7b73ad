//! Several processes share one film, and what one of them loses the others take over.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rand::Rng as _;
use serde_json::Value;
use system_tests::{Marquee, Objects, film, marquee, playlist, times};
use testkit::services::from_service_with;
use testkit::stage::{PATIENCE, eventually};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::Instant;

const ALL_BUT_WORKERS: &str =
    "objects,edge-provider,edge,ingress,metadata,post-processor,planner,gateway";

/// A worker that is silent for so long has lost its task.
const LEASE: Duration = Duration::from_secs(2);

/// One task at a time, and short leases.
const WORKER: [(&str, &str); 4] = [
    ("MARQUEE__TRANSCODER__LEASE_MS", "2000"),
    ("MARQUEE__TRANSCODER__HEARTBEAT_MS", "500"),
    ("MARQUEE__TRANSCODER__BULK_SLOTS", "1"),
    ("MARQUEE__TRANSCODER__URGENT_SLOTS", "1"),
];

/// A worker in a process of its own.
struct Worker {
    child: Child,
    /// Keeps the pipe open.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    async fn start(data: &Path) -> Self {
        let mut child = marquee::command(data, ["serve", "worker"])
            .envs(WORKER)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        assert_eq!(first.unwrap().unwrap().unwrap(), "ready");
        Self {
            child,
            _stdout: lines,
        }
    }

    fn id(&self) -> String {
        self.child.id().unwrap().to_string()
    }

    fn signal(&self, name: &str) {
        film::run("kill", &[name, &self.id()]);
    }
}

/// Everything but workers, and a film that takes a while.
struct Town {
    marquee: Marquee,
    folder: tempfile::TempDir,
    source: PathBuf,
}

impl Town {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let marquee = Marquee::up_on_with(&data, &["--services", ALL_BUT_WORKERS]).await;
        let source = film::lavfi(folder.path(), "shared.mp4", 36, "25", "640x480");
        Self {
            marquee,
            folder,
            source,
        }
    }

    fn data(&self) -> &Path {
        self.marquee.data()
    }

    async fn upload(&self) -> String {
        let told = self.marquee.upload(&self.source, &["--wait", "none"]).await;
        match told {
            Ok(told) => told["video_id"].as_str().unwrap().to_owned(),
            Err(problem) => panic!("{problem}"),
        }
    }

    /// Asks a service at `url` as others do.
    fn ask(&self, url: &str) -> reqwest::RequestBuilder {
        let key = self.data().join("run/service.key");
        from_service_with(reqwest::Client::new().get(url), &key)
    }

    async fn tasks(&self) -> Vec<Value> {
        let at = std::fs::read_to_string(self.data().join("run/transcoder.url")).unwrap();
        let at = format!("{}/internal/tasks", at.trim_end_matches('/'));
        let answer = self.ask(&at).send();
        let tasks: Value = answer.await.unwrap().json().await.unwrap();
        tasks["items"].as_array().unwrap().clone()
    }

    /// What exists of the tracks of a film: the end of what is ready from the beginning on, in
    /// seconds, and the film's length.
    async fn ready(&self, id: &str) -> (BTreeMap<String, f64>, f64) {
        let at = std::fs::read_to_string(self.data().join("run/transcoder.url")).unwrap();
        let at = at.trim_end_matches('/');
        let at = format!("{at}/internal/videos/{id}/availability");
        let answer = self.ask(&at).send();
        let told: Value = answer.await.unwrap().json().await.unwrap();
        let tracks = told["tracks"].as_array().into_iter().flatten();
        let until = |track: &Value| {
            let first = &track["ready"][0];
            let begins = first[0].as_f64().is_some_and(|start| start < 0.001);
            if begins {
                first[1].as_f64().unwrap()
            } else {
                0.0
            }
        };
        let name = |track: &Value| track["name"].as_str().unwrap().to_owned();
        let tracks = tracks.map(|track| (name(track), until(track))).collect();
        (tracks, told["duration_s"].as_f64().unwrap_or(f64::MAX))
    }

    /// An encode that runs, of another worker than `not`.
    async fn running(&self, not: &str) -> Value {
        eventually("an encode runs", async || {
            let tasks = self.tasks().await.into_iter();
            let mut running = tasks.filter(|task| {
                task["state"] == "running" && task["kind"] == "video" && task["worker"] != not
            });
            running.next()
        })
        .await
    }

    /// How long it takes until `task` is not its worker's any more.
    async fn taken_over(&self, task: &Value) -> Duration {
        let begun = Instant::now();
        eventually("the task is taken over", async || {
            let tasks = self.tasks().await;
            !tasks.iter().any(|one| {
                one["task_id"] == task["task_id"]
                    && one["worker"] == task["worker"]
                    && one["attempts"] == task["attempts"]
                    && one["state"] == "running"
            })
        })
        .await;
        begun.elapsed()
    }

    /// The film is complete and has every frame in every quality.
    async fn complete(&self, id: &str) {
        let path = format!("/api/videos/{id}");
        let video = eventually("the film is complete", async || {
            let video = self.marquee.get(&path).await?;
            assert_ne!(video["state"], "failed", "{video}");
            (video["complete"] == true && video["state"] == "live").then_some(video)
        })
        .await;
        let url = format!(
            "{}{}",
            self.marquee.url(),
            video["hls_url"].as_str().unwrap()
        );
        assert_eq!(film::frames(&url), [900; 3]);
        assert_eq!(
            self.tasks().await,
            Vec::<Value>::new(),
            "nothing is left to do"
        );
    }

    /// The segments of a film that can be had from the edge: path and entity tag.
    async fn segments(&self, id: &str) -> BTreeMap<String, String> {
        let video = self
            .marquee
            .get(&format!("/api/videos/{id}"))
            .await
            .unwrap();
        let master = video["hls_url"].as_str().unwrap();
        let film = master.strip_suffix("/master.m3u8").unwrap();
        let base = format!("{}{film}", self.marquee.url());
        let get = async |path: &str| {
            let answer = reqwest::get(format!("{base}/{path}")).await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            answer
        };
        let master = get("master.m3u8").await.text().await.unwrap();
        let mut found = BTreeMap::new();
        for variant in playlist::variants(&master) {
            let folder = variant.uri.rsplit_once('/').unwrap().0;
            let list = get(&variant.uri).await.text().await.unwrap();
            for (_, segment) in playlist::segments(&list) {
                let path = format!("{folder}/{segment}");
                let tag = get(&path).await.headers()["etag"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.insert(path, tag);
            }
        }
        assert!(!found.is_empty());
        found
    }

    async fn end(mut self) {
        assert_eq!(self.marquee.terminate().await, Some(0));
        drop(self.folder);
    }
}

#[tokio::test]
async fn a_killed_workers_task_is_taken_over() {
    let town = Town::new().await;
    let mut first = Worker::start(town.data()).await;
    let id = town.upload().await;
    let task = town.running("").await;
    let _second = Worker::start(town.data()).await;

    first.child.kill().await.unwrap();
    let took = town.taken_over(&task).await;
    assert!(took <= LEASE + Duration::from_secs(10), "{took:?}");
    town.complete(&id).await;
    town.end().await;
}

#[tokio::test]
async fn two_workers_share_a_film_and_one_that_is_told_to_end_hands_back_its_task() {
    let town = Town::new().await;
    let mut first = Worker::start(town.data()).await;
    let id = town.upload().await;
    let task = town.running("").await;
    let _second = Worker::start(town.data()).await;
    let other = town.running(task["worker"].as_str().unwrap()).await;
    assert_ne!(other["task_id"], task["task_id"]);

    first.signal("-TERM");
    let status = tokio::time::timeout(PATIENCE, first.child.wait()).await;
    assert_eq!(status.unwrap().unwrap().code(), Some(0));
    let held = town
        .tasks()
        .await
        .into_iter()
        .find(|one| one["state"] == "running" && one["worker"] == task["worker"]);
    assert_eq!(held, None, "a worker that has ended holds nothing");
    town.complete(&id).await;
    town.end().await;
}

#[tokio::test]
async fn a_worker_that_comes_back_from_the_dead_overwrites_nothing() {
    let town = Town::new().await;
    let zombie = Worker::start(town.data()).await;
    let id = town.upload().await;
    let task = town.running("").await;
    zombie.signal("-STOP");
    let _second = Worker::start(town.data()).await;
    let took = town.taken_over(&task).await;
    assert!(took <= LEASE + Duration::from_secs(10), "{took:?}");
    town.complete(&id).await;
    let before = town.segments(&id).await;

    zombie.signal("-CONT");
    // It is alive again when it takes work: another film needs it, or the other worker.
    let again = town.upload().await;
    town.running("").await;
    assert_eq!(town.segments(&id).await, before);
    town.complete(&again).await;
    assert_eq!(town.segments(&id).await, before);
    town.complete(&id).await;
    town.end().await;
}

#[tokio::test]
async fn a_film_that_goes_live_with_its_lowest_quality_has_all_of_that_before_the_others() {
    let town = Town::new().await;
    let _worker = Worker::start(town.data()).await;
    let content = std::fs::read(&town.source).unwrap();
    let upload = town.marquee.send(&content, "lowest_rung").await;
    let id = upload["video_id"].as_str().unwrap();
    let whole = |until: f64, length: f64| until > length - 0.001;
    let (tracks, length) = eventually("the lowest quality is complete", async || {
        let video = town.marquee.get(&format!("/api/videos/{id}")).await?;
        let (tracks, length) = town.ready(id).await;
        let lowest = *tracks.get("v/240p")?;
        let done = whole(lowest, length) && whole(tracks["a/0"], length);
        assert!(
            done || video["state"] != "live",
            "{lowest} of {length} s: {video}"
        );
        done.then_some((tracks, length))
    })
    .await;
    for rung in ["v/360p", "v/480p"] {
        assert!(
            !whole(tracks[rung], length),
            "{rung} came as soon: {tracks:?}"
        );
    }
    town.marquee.video_in(id, "live").await;
    town.complete(id).await;
    town.end().await;
}

/// R8. `MARQUEE_TEST_OUTAGES=20` is what RELIABILITY.md asks for.
#[tokio::test]
async fn all_processes_killed_at_once_again_and_again_lose_nothing() {
    let mut town = Town::new().await;
    let data = town.data().to_owned();
    let mut workers = [Worker::start(&data).await, Worker::start(&data).await];
    let id = town.upload().await;
    for _ in 0..times("MARQUEE_TEST_OUTAGES", 4) {
        let pause = rand::rng().random_range(100..1000);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let [first, second] = &workers;
        let all = town.marquee.process_id().to_string();
        film::run("kill", &["-KILL", &all, &first.id(), &second.id()]);
        // Reaps what is dead.
        town.marquee.kill().await;
        for worker in &mut workers {
            worker.child.kill().await.unwrap();
        }
        town.marquee = Marquee::up_on_with(&data, &["--services", ALL_BUT_WORKERS]).await;
        workers = [Worker::start(&data).await, Worker::start(&data).await];
    }
    town.complete(&id).await;
    let objects = Objects::of(&data);
    assert_eq!(objects.multiparts().await, Vec::<String>::new());
    let sources = objects.list("raw/").await.into_keys().collect::<Vec<_>>();
    assert_eq!(sources, [format!("raw/{id}/source")]);
    town.end().await;
}
