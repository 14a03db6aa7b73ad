//! What was acknowledged is there after `kill -9`, at whatever moment it comes.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test; the child is what the test is about"
)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use platform_bus::{Bus as _, EmbeddedBus};
use platform_core::Lifecycle;
use platform_db::Db;
use rand::Rng as _;

const KILLS: u64 = 10;

/// Examples are built with the tests, beside them.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    target.join("examples/append")
}

/// Kills the child after it acknowledged some messages; returns which.
fn run_and_kill(path: &Path, first: u64, after: usize) -> Vec<u64> {
    let mut child: Child = Command::new(example())
        .arg(path)
        .arg(first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines.by_ref().take(after) {
        acknowledged.push(line.unwrap().parse().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it still said before it died counts; a line may be cut.
    let rest = lines.map_while(Result::ok);
    acknowledged.extend(rest.filter_map(|line| line.parse::<u64>().ok()));
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_messages_survive_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus.db");
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let after = rand::rng().random_range(1..40);
        let (path, first) = (path.clone(), round * 1_000_000);
        let run = tokio::task::spawn_blocking(move || run_and_kill(&path, first, after));
        acknowledged.extend(run.await.unwrap());
    }

    let lifecycle = Lifecycle::new();
    let db = Db::open_sqlite(&path, &lifecycle).await.unwrap();
    let bus = EmbeddedBus::open(db, &lifecycle).await.unwrap();
    let mut reader = bus.subscribe("g", &["t".to_owned()]).await.unwrap();
    let mut missing = acknowledged.clone();
    let mut next = [0_i64; 8];
    let all = async {
        while !missing.is_empty() {
            for delivery in reader.next(256).await.unwrap() {
                let partition = usize::try_from(delivery.partition).unwrap();
                assert_eq!(delivery.offset, next[partition], "an offset is missing");
                next[partition] += 1;
                let text = String::from_utf8(delivery.payload.to_vec()).unwrap();
                missing.remove(&text.parse().unwrap());
            }
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), all).await;
    assert!(ended.is_ok(), "lost: {missing:?}");
    assert!(acknowledged.len() >= usize::try_from(KILLS).unwrap());
}
