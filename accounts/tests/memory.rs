//! Hashing stays within its memory: in a process of its own, where nothing else takes any.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

#[expect(dead_code, reason = "most of it is for the other suite")]
mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use accounts::Config;

use common::{PASSWORD, Service, open};

/// Memory of this process, KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_hundred_sign_ins_at_once_stay_within_the_memory_that_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        // Two hashes at a time; a hundred would take 1.9 GiB.
        hashing_memory_mib: 40,
        ..open()
    };
    let service = Service::start(dir.path(), config).await;
    for n in 0..10 {
        service
            .newcomer(&format!("user{n}"), &format!("192.0.2.{n}"))
            .await;
    }
    let before = resident();
    let most = Arc::new(AtomicU64::new(0));
    let sign_ins = (0..100).map(|n| {
        let mut browser = service.browser(&format!("198.51.100.{n}"));
        let most = Arc::clone(&most);
        async move {
            let answer = browser.sign_in(&format!("user{}", n % 10), PASSWORD).await;
            most.fetch_max(resident(), Ordering::SeqCst);
            answer.status
        }
    });
    let answers = futures_util::future::join_all(sign_ins).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    // Allocators keep some of what was freed for each thread.
    let grown = most.load(Ordering::SeqCst).saturating_sub(before);
    assert!(grown < 200 << 10, "{grown} KiB");
    service.stop().await;
}
