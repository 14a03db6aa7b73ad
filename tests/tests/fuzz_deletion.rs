//! Whatever people do with films, and whenever the process is killed: nothing is left of what was
//! deleted, and nothing is lost of what was not.
//!
//! `MARQUEE_TEST_SEQUENCES=1000 MARQUEE_TEST_SEED=7 cargo test -p system-tests --test fuzz_deletion`
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed step is a failed test, and whoever runs it by hand wants figures"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::marquee::command_plain;
use system_tests::{Marquee, Objects, Uploader, film, times};
use testkit::stage::eventually;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Sequences of the suite, and how many go on at a time.
const USUAL: usize = 24;
const AT_ONCE: usize = 100;

/// Steps between two kills, at most.
const STEPS: usize = 80;

/// How long somebody waits for a film to get on before they do something else.
const WATCHED: Duration = Duration::from_secs(4);

/// What people can take back, for as long as the test takes; and what crashes leave of uploads is soon
/// swept, which takes an hour otherwise.
const SETTINGS: [(&str, &str); 4] = [
    ("MARQUEE__POST_PROCESSOR__KEEP_REPLACED_S", "1"),
    ("MARQUEE__RETENTION__GRACE_H", "1"),
    ("MARQUEE__INGRESS__ORPHAN_S", "1"),
    ("MARQUEE__INGRESS__SWEEP_INTERVAL_MS", "1000"),
];

/// What people send.
struct Sources {
    films: Vec<Vec<u8>>,
}

/// How a film ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Deleted for good.
    Gone,
    /// Not deleted, or taken back.
    Kept,
    /// Thrown away, and can be taken back.
    ThrownAway,
    /// Its file is not all there yet.
    Unfinished,
}

/// What all sequences share.
struct Town {
    url: String,
    http: reqwest::Client,
    uploader: Uploader,
    sources: Sources,
    steps: AtomicUsize,
    stepped: Notify,
    replaces: bool,
}

impl Town {
    /// A request, again and again while the process is not there.
    async fn ask(&self, method: Method, path: &str, body: &Value) -> StatusCode {
        loop {
            let request = self
                .http
                .request(method.clone(), format!("{}{path}", self.url));
            let request = if body.is_null() {
                request
            } else {
                request.json(body)
            };
            match request.send().await.map(|answer| answer.status()) {
                Ok(status) if !status.is_server_error() => return status,
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn state(&self, id: &str) -> Option<Value> {
        let answer = self
            .http
            .get(format!("{}/api/videos/{id}", self.url))
            .send();
        answer
            .await
            .ok()?
            .error_for_status()
            .ok()?
            .json()
            .await
            .ok()
    }

    async fn is_gone(&self, id: &str) -> bool {
        let path = format!("/api/videos/{id}");
        self.ask(Method::GET, &path, &Value::Null).await == StatusCode::NOT_FOUND
    }

    /// Until a film is in a state, or nobody wants to wait any more.
    async fn watch(&self, id: &str, wanted: &str) {
        let began = Instant::now();
        while began.elapsed() < WATCHED {
            let now = self.state(id).await;
            if now.is_some_and(|now| now["state"] == wanted || now["state"] == "failed") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn step(&self) {
        self.steps.fetch_add(1, Ordering::SeqCst);
        self.stepped.notify_one();
    }

    /// Sends something; its film, and whether all of it was sent.
    async fn upload(&self, name: &str, rng: &mut StdRng) -> (String, bool) {
        let garbage = vec![rng.random(); 4000];
        let content = match rng.random_range(0..10) {
            0 => garbage,
            n => self.sources.films[n % self.sources.films.len()].clone(),
        };
        let policy = ["playable", "lowest_rung", "complete"][rng.random_range(0..3)];
        let told = json!({
            "file_name": format!("{name}.mp4"), "fingerprint": name, "publish_policy": policy,
        });
        let complete = rng.random_range(0..10) < 8;
        let begun = if complete {
            self.uploader.upload(told, &content).await
        } else {
            let begun = self.uploader.begin(told, &content).await;
            if rng.random() {
                self.uploader.send_missing(&begun, &content).await;
            }
            begun
        };
        self.step();
        let id = begun["video_id"].as_str().unwrap().to_owned();
        // Its row follows the upload.
        eventually("the catalogue has heard of it", async || {
            self.state(&id).await.is_some()
        })
        .await;
        if !complete && rng.random_range(0..3) == 0 {
            let upload = begun["upload_id"].as_str().unwrap();
            let path = format!("/api/uploads/{upload}");
            self.ask(Method::DELETE, &path, &Value::Null).await;
            self.step();
            // What is given up was no film yet.
            eventually("its film is gone", async || self.is_gone(&id).await).await;
        }
        (id, complete)
    }

    /// What somebody does with one film.
    async fn sequence(&self, name: String, mut rng: StdRng) -> (String, End) {
        let (id, complete) = self.upload(&name, &mut rng).await;
        let film = format!("/api/videos/{id}");
        let mut end = if complete { End::Kept } else { End::Unfinished };
        for n in 0..rng.random_range(1..6) {
            match rng.random_range(0..6) {
                0 => {
                    let edit = json!({ "title": format!("{name} {n}") });
                    self.ask(Method::PATCH, &film, &edit).await;
                }
                1 => {
                    let states = ["processing", "playable", "live"];
                    self.watch(&id, states[rng.random_range(0..3)]).await;
                }
                2 if end != End::ThrownAway => {
                    let status = self.ask(Method::DELETE, &film, &Value::Null).await;
                    end = if status.is_success() {
                        End::ThrownAway
                    } else {
                        End::Gone
                    };
                }
                3 if end == End::ThrownAway => {
                    let path = format!("{film}/restore");
                    let status = self.ask(Method::POST, &path, &Value::Null).await;
                    // A kill may have kept the answer of the first try to itself.
                    assert!(matches!(status.as_u16(), 200 | 404 | 409), "{status}");
                    end = if status == 404 {
                        End::Gone
                    } else if complete {
                        End::Kept
                    } else {
                        End::Unfinished
                    };
                }
                4 if self.replaces && end == End::Kept => {
                    self.replace(&id, &name, n, &mut rng).await;
                }
                _ => {}
            }
            self.step();
        }
        if rng.random_range(0..10) < 9 {
            let path = format!("{film}?for_good=true");
            let status = self.ask(Method::DELETE, &path, &Value::Null).await;
            assert!(matches!(status.as_u16(), 204 | 404), "{status}");
            end = End::Gone;
            self.step();
        }
        (id, end)
    }

    /// Sends another file in the place of a film's, unless that is refused.
    async fn replace(&self, id: &str, name: &str, n: usize, rng: &mut StdRng) {
        let source = rng.random_range(0..self.sources.films.len());
        let content = &self.sources.films[source];
        let told = json!({
            "file_name": "again.mp4", "fingerprint": format!("{name} {n}"), "replaces": id,
            "size_bytes": content.len(),
        });
        let begun = self.ask(Method::POST, "/api/uploads", &told).await;
        if begun.is_success() {
            self.uploader.upload(told, content).await;
        }
    }
}

fn sources(folder: &Path) -> Sources {
    let made = [("a.mp4", 1, "25"), ("b.mp4", 2, "24"), ("c.mp4", 1, "30")];
    let films = made.map(|(name, seconds, rate)| {
        let path = film::lavfi(folder, name, seconds, rate, "64x48");
        std::fs::read(path).unwrap()
    });
    Sources {
        films: films.into(),
    }
}

/// Kills the process every few steps until `done`; how often.
async fn kill_between_steps(
    marquee: &mut Marquee,
    town: &Town,
    rng: &mut StdRng,
    done: &Notify,
) -> usize {
    let listen = marquee.url().trim_start_matches("http://").to_owned();
    let data = marquee.data().to_owned();
    for kills in 0.. {
        let at = town.steps.load(Ordering::SeqCst) + rng.random_range(1..STEPS);
        while town.steps.load(Ordering::SeqCst) < at {
            tokio::select! {
                () = town.stepped.notified() => {}
                () = done.notified() => return kills,
            }
        }
        marquee.kill().await;
        *marquee = Marquee::up_on_as(&data, &["--listen", &listen], &SETTINGS).await;
    }
    0
}

/// `marquee admin verify`.
async fn verify(marquee: &Marquee) -> (Option<i32>, Value) {
    let output = command_plain(["admin", "verify", "--json", "--server", marquee.url()]).output();
    let output = output.await.unwrap();
    let told = serde_json::from_slice(&output.stdout);
    (output.status.code(), told.unwrap_or_default())
}

/// How long all that was begun may take to end.
const QUIET: Duration = Duration::from_mins(20);

/// Until nothing goes on any more, and everything agrees.
async fn quiet(marquee: &Marquee, kept: &[&str]) -> Value {
    let began = Instant::now();
    loop {
        let (code, told) = verify(marquee).await;
        let mut open = Vec::new();
        for id in kept {
            let film = marquee.get(&format!("/api/videos/{id}")).await;
            let film = film.unwrap_or_default();
            if film["complete"] != true && film["state"] != "failed" {
                open.push(*id);
            }
        }
        if code == Some(0) && told["compared"]["removing"] == 0 && open.is_empty() {
            return told;
        }
        assert!(began.elapsed() < QUIET, "not quiet: {told} {open:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_what_was_deleted_whatever_happened() {
    let sequences = times("MARQUEE_TEST_SEQUENCES", USUAL);
    let chance = usize::try_from(rand::rng().random::<u32>()).unwrap();
    let seed = u64::try_from(times("MARQUEE_TEST_SEED", chance)).unwrap();
    println!("MARQUEE_TEST_SEED={seed} MARQUEE_TEST_SEQUENCES={sequences}");
    let data = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut marquee = Marquee::up_on_as(data.path(), &[], &SETTINGS).await;
    let town = Town {
        url: marquee.url().to_owned(),
        http: reqwest::Client::new(),
        uploader: Uploader::new(marquee.url()),
        sources: sources(folder.path()),
        steps: AtomicUsize::new(0),
        stepped: Notify::new(),
        replaces: times("MARQUEE_TEST_REPLACE", 0) > 0,
    };
    let began = Instant::now();
    let (mut ends, mut kills) = (Vec::new(), 0);
    for round in 0..sequences.div_ceil(AT_ONCE) {
        let numbers = round * AT_ONCE..sequences.min((round + 1) * AT_ONCE);
        let going = numbers.map(|n| {
            let rng = StdRng::seed_from_u64(seed.wrapping_add(u64::try_from(n).unwrap()));
            town.sequence(format!("film {seed} {n}"), rng)
        });
        let going = futures_util::future::join_all(going);
        let done = Notify::new();
        let mut rng = StdRng::seed_from_u64(seed ^ u64::try_from(round).unwrap());
        let (killed, ended) = tokio::join!(
            kill_between_steps(&mut marquee, &town, &mut rng, &done),
            async {
                let ended = going.await;
                done.notify_one();
                ended
            }
        );
        kills += killed;
        ends.extend(ended);
    }
    let steps = town.steps.load(Ordering::SeqCst);
    let took = began.elapsed().as_secs();
    println!("{sequences} sequences, {steps} steps, {kills} kills, {took} s");
    judge(&marquee, &ends).await;
    println!("quiet after {} s", began.elapsed().as_secs());
}

/// Everything is as its people left it, by `admin verify` and past it.
async fn judge(marquee: &Marquee, ends: &[(String, End)]) {
    let of = |end: End| -> Vec<&str> {
        let of = ends.iter().filter(|(_, it)| *it == end);
        of.map(|(id, _)| id.as_str()).collect()
    };
    let told = quiet(marquee, &of(End::Kept)).await;
    println!("{}", told["compared"]);
    assert_eq!(told["found"], 0, "{told}");
    for id in of(End::Gone) {
        let url = format!("{}/api/videos/{id}", marquee.url());
        let status = reqwest::get(url).await.unwrap().status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{id}");
    }
    for id in of(End::ThrownAway) {
        assert!(
            marquee.get(&format!("/api/videos/{id}")).await.is_some(),
            "{id}"
        );
    }
    let gone: BTreeSet<&str> = of(End::Gone).into_iter().collect();
    let objects = Objects::of(marquee.data());
    let stored = objects.list("").await.into_keys();
    let stored = stored.chain(objects.multiparts().await);
    let edge = std::fs::read_dir(marquee.data().join("edge/films")).unwrap();
    let edge = edge.map(|entry| entry.unwrap().path().display().to_string());
    for place in stored.chain(edge) {
        let left = gone.iter().find(|id| place.contains(**id));
        assert_eq!(left, None, "{place}");
    }
}
