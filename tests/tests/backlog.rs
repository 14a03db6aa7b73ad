//! R12: work comes faster than it is done.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::Path;
use std::process::Stdio;

use platform_bus::{Bus as _, EmbeddedBus, Outgoing, Topic};
use platform_core::Lifecycle;
use platform_db::Db;
use schemas::v1::VideoUploaded;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId, VideoId};
use system_tests::{Marquee, film, marquee::command, memory::resident, times};
use testkit::stage::eventually;
use tokio::io::{AsyncBufReadExt as _, BufReader};

const ALL_BUT_TRANSCODERS: &str =
    "objects,edge-provider,edge,ingress,metadata,post-processor,gateway";

/// The group of the planner.
const PLANNER: &str = "transcoder-planner";

/// The bus of the instance on `data`.
async fn bus(data: &Path, life: &Lifecycle) -> EmbeddedBus {
    let db = Db::open_sqlite(&data.join("marquee.db"), life).await;
    EmbeddedBus::open(db.unwrap(), life).await.unwrap()
}

/// News of another film with the same source.
fn uploaded(source_key: &str) -> Outgoing {
    let video = VideoId::random(&mut rand::rng());
    let told = VideoUploaded {
        video_id: video.to_string(),
        owner: OwnerId::local().to_string(),
        source_key: source_key.to_owned(),
        ..VideoUploaded::default()
    };
    let event = NewEvent::new(OwnerId::local(), Payload::VideoUploaded(told));
    Outgoing {
        topic: Topic::Transcode.name().to_owned(),
        key: video.to_string(),
        payload: schemas::encode(&event.stamp(0, &mut rand::rng())),
        headers: Vec::new(),
    }
}

/// `MARQUEE_TEST_BACKLOG=10000` is what RELIABILITY.md asks for.
#[tokio::test]
async fn while_thousands_wait_uploads_are_taken_and_the_planners_memory_stays_flat() {
    let waiting = times("MARQUEE_TEST_BACKLOG", 2_000);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let marquee = Marquee::up_on_with(&data, &["--services", ALL_BUT_TRANSCODERS]).await;
    let source = film::lavfi(folder.path(), "small.mp4", 2, "25", "160x120");
    let content = std::fs::read(source).unwrap();
    let first = marquee.send(&content, "playable").await;
    let key = format!("raw/{}/source", first["video_id"].as_str().unwrap());
    let life = Lifecycle::new();
    let bus = bus(&data, &life).await;
    for _ in 0..waiting / 500 {
        let batch = (0..500).map(|_| uploaded(&key)).collect();
        bus.publish(batch).await.unwrap();
    }
    let lag = async || bus.lag(PLANNER, Topic::Transcode.name()).await.unwrap();
    assert!(lag().await > waiting as u64 / 500 * 500, "nobody plans yet");

    let mut planner = command(&data, ["serve", "planner"])
        .env("MARQUEE__TRANSCODER__PLAN_SLOTS", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(planner.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "ready");
    let process = planner.id().unwrap();
    let until = async |left: usize| {
        let what = format!("{left} messages are left");
        eventually(&what, async || lag().await <= left as u64).await;
    };
    // By now it has done everything that it does, some of it often.
    until(waiting * 3 / 4).await;
    let before = resident(process);
    let second = marquee
        .send(&[&content[..], b"other"].concat(), "playable")
        .await;
    assert!(lag().await > 0, "the upload was taken while others waited");
    until(0).await;
    let after = resident(process);
    assert!(
        after <= before + before / 4,
        "{before} kB when a quarter was read, {after} kB when all {waiting} were"
    );
    // All are in the catalogue, and none is planned twice or lost.
    for upload in [&first, &second] {
        let id = upload["video_id"].as_str().unwrap();
        marquee.video_in(id, "processing").await;
    }

    planner.kill().await.unwrap();
    drop(life);
}
