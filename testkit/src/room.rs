//! Disks without room, made by a limit on the files of this process: it needs no rights and no
//! mount, so no test of a full disk has to be skipped.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]

use std::process::Command;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Raised at whoever writes beyond the limit: `SIGXFSZ` on Linux and macOS.
const BEYOND_LIMIT: i32 = 25;

/// No file of this process grows beyond so many bytes until this is dropped. Only for tests that
/// have a process to themselves.
#[derive(Debug)]
pub struct FileLimit {
    /// Without a handler the signal would end the process.
    _signal: Signal,
}

impl FileLimit {
    /// Every file has all it gets.
    pub fn none_may_grow() -> Self {
        Self::of(0)
    }

    /// Files end at `bytes`.
    pub fn of(bytes: u64) -> Self {
        let kind = SignalKind::from_raw(BEYOND_LIMIT);
        let signal = signal(kind).expect("a runtime that listens to signals");
        set(&bytes.to_string());
        Self { _signal: signal }
    }
}

impl Drop for FileLimit {
    fn drop(&mut self) {
        set("unlimited");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests start no services but the tools they need"
)]
fn set(soft: &str) {
    let status = Command::new("prlimit")
        .arg(format!("--fsize={soft}:"))
        .args(["--pid", &std::process::id().to_string()])
        .status()
        .expect("prlimit, of util-linux, is installed");
    assert!(status.success(), "the limit on files could not be set");
}
