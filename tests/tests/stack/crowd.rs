//! A crowd uploads tiny films at once: all go live, none twice, and memory stays flat. Once more
//! while every replica is killed and every server fails.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use system_tests::stack::Engines;
use system_tests::{Uploader, film, times};
use testkit::stage::PATIENCE;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::audit::{Audit, Uploaded, listed};
use crate::faults::{Fault, Servers, killed, stopped};
use system_tests::Cluster;

/// `MARQUEE_TEST_CROWD=1000` is what the figures in docs/benchmarks.md are of.
const COUNT: &str = "MARQUEE_TEST_CROWD";

/// Seconds that a server is away: `MARQUEE_TEST_AWAY=20`, likewise.
const AWAY: &str = "MARQUEE_TEST_AWAY";

/// Memory that a process may use at the end beyond what it used when a fifth was done: as much as
/// half of that, or this many kilobytes.
const MORE: u64 = 64 * 1024;

/// What is kept for hours, until it is certain that nobody needs it, is kept for seconds.
const SETTINGS: &str = "
    ingress = { orphan_s = 20, sweep_interval_ms = 2000 }
    transcoder = { staging = { keep_s = 2 } }
";

/// How far all films are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Progress {
    live: usize,
    complete: usize,
    segments: u64,
}

struct Crowd<'a> {
    cluster: &'a mut Cluster,
    clip: Vec<u8>,
    uploader: Uploader,
    uploads: JoinSet<(String, Uploaded)>,
    begun: usize,
    began: Instant,
}

impl<'a> Crowd<'a> {
    fn new(cluster: &'a mut Cluster) -> Self {
        let clip = film::lavfi(cluster.folder(), "tiny.mp4", 2, "25", "160x120");
        Self {
            clip: std::fs::read(clip).unwrap(),
            uploader: Uploader::new(&cluster.url("")),
            uploads: JoinSet::new(),
            begun: 0,
            began: Instant::now(),
            cluster,
        }
    }

    /// So many more begin to upload, all at once.
    fn gather(&mut self, count: usize) {
        for _ in 0..count {
            self.begun += 1;
            let number = self.begun;
            let film = Uploaded {
                title: format!("Film {number} of the crowd"),
                content: with_number(&self.clip, number),
                frames: 50,
            };
            let uploader = self.uploader.clone();
            self.uploads.spawn(async move {
                let announcement = json!({
                    "file_name": "tiny.mp4",
                    "fingerprint": format!("crowd-{number}"),
                    "title": film.title,
                });
                let upload = uploader.upload(announcement, &film.content).await;
                (upload["video_id"].as_str().unwrap().to_owned(), film)
            });
        }
    }

    /// Waits until all uploads have ended well; the films by their ids.
    async fn uploaded(&mut self) -> BTreeMap<String, Uploaded> {
        let mut films = BTreeMap::new();
        while let Some(ended) = self.uploads.join_next().await {
            let (id, film) = ended.unwrap();
            assert_eq!(films.insert(id, film), None, "a film for each");
        }
        films
    }

    /// Waits as long as there is progress, until so many films are live or, if `whole`, complete.
    async fn until(&self, count: usize, whole: bool) {
        let mut known = (Progress::default(), Instant::now());
        loop {
            let Some(now) = self.progress().await else {
                assert!(known.1.elapsed() < PATIENCE, "the catalogue is away");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            if (if whole { now.complete } else { now.live }) >= count {
                return;
            }
            if now != known.0 {
                known = (now, Instant::now());
            }
            assert!(known.1.elapsed() < PATIENCE, "{now:?} of {count}, for long");
            // Asking costs more the more there are.
            let pause = Duration::from_millis(50 + 2 * self.begun as u64);
            tokio::time::sleep(pause).await;
        }
    }

    async fn progress(&self) -> Option<Progress> {
        let mut progress = Progress::default();
        for film in listed(self.cluster, "all").await? {
            assert_ne!(film["state"], "failed", "{film}");
            let live = film["state"] == "live";
            progress.live += usize::from(live);
            progress.complete += usize::from(live && film["complete"] == true);
            progress.segments += film["progress"]["segments_done"].as_u64().unwrap_or(0);
        }
        Some(progress)
    }

    fn memory(&self) -> BTreeMap<String, u64> {
        let replicas = self.cluster.replicas.iter();
        let all = replicas.flat_map(|(name, replicas)| {
            let numbered = replicas.iter().enumerate();
            numbered.map(move |(n, replica)| (format!("{name} {n}"), replica.resident()))
        });
        all.collect()
    }

    fn say(&self, what: &str) {
        println!("{:7.1} s  {what}", self.began.elapsed().as_secs_f64());
    }

    /// Waits until all is done, and looks whether all is well.
    async fn end(mut self, engines: &Engines, before: BTreeMap<String, u64>) {
        let films = self.uploaded().await;
        self.say("all are uploaded");
        self.until(self.begun, true).await;
        self.say("all are live and complete");
        let after = self.memory();
        for (process, before) in before {
            let after = after[&process];
            println!("{process}: {before} kB when a fifth was live, {after} kB at the end");
            let limit = before + (before / 2).max(MORE);
            assert!(after <= limit, "{process} grows: {before} kB, {after} kB");
        }
        for (name, replicas) in &mut self.cluster.replicas {
            for replica in replicas {
                assert!(!replica.has_ended(), "a replica of {name} ended by itself");
            }
        }
        let audit = Audit {
            cluster: self.cluster,
            engines,
            films: &films,
        };
        audit.run().await;
        self.say("and all is as it has to be");
    }
}

/// The film, and a box that no player minds: no two files are the same.
fn with_number(clip: &[u8], number: usize) -> Vec<u8> {
    let number = (number as u64).to_be_bytes();
    [clip, &16_u32.to_be_bytes(), b"free", &number].concat()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn all_of_a_crowd_go_live_once_and_memory_stays_flat() {
    let count = times(COUNT, 12);
    let engines = Engines::named();
    let mut cluster = Cluster::on(&engines, 2, SETTINGS, &[]).await;
    let mut crowd = Crowd::new(&mut cluster);
    crowd.gather(count);
    crowd.until(count.div_ceil(5), false).await;
    crowd.say("a fifth is live");
    let before = crowd.memory();
    crowd.end(&engines, before).await;
}

/// Half of the crowd comes at once, the rest with the faults, which are spread over the time that
/// it takes.
async fn while_there_are(faults: impl FnOnce(&Cluster, Duration) -> Vec<Fault>) {
    let count = times(COUNT, 12);
    let away = Duration::from_secs(times(AWAY, 3) as u64);
    let servers = Servers::start().await;
    let engines = servers.engines();
    let mut cluster = Cluster::on(&engines, 2, SETTINGS, &[]).await;
    let faults = faults(&cluster, away);
    let mut crowd = Crowd::new(&mut cluster);
    crowd.gather(count / 2);
    let mut before = BTreeMap::new();
    for (number, fault) in faults.iter().enumerate() {
        let due = count * number / faults.len();
        crowd.until(due, false).await;
        if before.is_empty() && due >= count / 5 {
            before = crowd.memory();
        }
        let come = (count - count / 2) * (number + 1) / faults.len() + count / 2;
        crowd.gather(come - crowd.begun);
        crowd.say(&format!("{fault}"));
        fault.happen(crowd.cluster, &servers).await;
    }
    crowd.say("all faults are over");
    crowd.end(&engines, before).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn all_of_a_crowd_go_live_once_whoever_is_killed_and_whatever_is_stopped() {
    while_there_are(|cluster, away| killed(cluster, &stopped(away))).await;
}
