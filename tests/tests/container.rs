//! In a container: an ordinary user, without capabilities, who may make no namespaces.
#![expect(clippy::disallowed_methods, reason = "a failed step is a failed test")]

use std::fs::File;
use std::process::Stdio;

use system_tests::{film, marquee};
use testkit::stage::PATIENCE;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// What a container engine takes away by default, as far as it concerns the box of decoders.
const CONTAINER: [&str; 14] = [
    "--unshare-user",
    "--disable-userns",
    "--uid",
    "10001",
    "--gid",
    "10001",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--dev-bind",
    "/",
    "/",
    "--proc",
    "/proc",
];

#[tokio::test]
async fn decoders_are_boxed_where_namespaces_are_denied() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut contained = Command::new("bwrap")
        .args(CONTAINER)
        .arg(marquee::binary())
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .envs([marquee::OPEN])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(contained.stdout.take().unwrap()).lines();
    let ready = tokio::time::timeout(PATIENCE, lines.next_line()).await;
    let ready = ready.unwrap().unwrap();
    let said = std::fs::read_to_string(log).unwrap();
    let ready = ready.unwrap_or_else(|| panic!("it ended: {said}"));
    let url = ready.strip_prefix("ready: ").unwrap();
    let of_box: Vec<_> = said
        .lines()
        .filter(|line| line.contains("are decoded"))
        .collect();
    assert!(!of_box.is_empty(), "{said}");
    for line in of_box {
        assert!(line.contains("behind Landlock and seccomp only"), "{line}");
    }
    let source = film::lavfi(folder.path(), "film.mp4", 4, "25", "320x240");
    let told = marquee::command_plain(["upload", "--json", "--wait", "complete", "--server", url])
        .arg(source)
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{complaint}");
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(film::frames(told["hls_url"].as_str().unwrap())[0], 100);
}
