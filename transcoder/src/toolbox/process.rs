//! The only place that starts processes: start, watch, end, reap.
//!
//! A run is a process group. Whatever way the run's future ends (result, error, dropped), the
//! group is killed with SIGKILL: ffmpeg has been seen to ignore SIGTERM for minutes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::limits::Limits;
use super::log::Log;
use super::sandbox::Launch;

/// How often limits that the kernel does not watch are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a killed process may take to be gone.
const REAP_WITHIN: Duration = Duration::from_secs(5);
/// How long output may still come after the end of the process.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);

/// How a run ended.
#[derive(Debug)]
pub(super) struct Finished {
    /// Why it is over.
    pub(super) end: End,
    /// What it printed.
    pub(super) stdout: Vec<u8>,
    /// What it said.
    pub(super) log: Log,
}

/// Why a run is over.
#[derive(Debug)]
pub(super) enum End {
    /// By itself.
    Exit(ExitStatus),
    /// No progress, or not ready in time.
    Timeout(Duration),
    /// It wrote more than it may.
    TooMuchOutput,
    /// It printed more than it may.
    TooMuchPrinted,
    /// The caller's wish.
    Cancelled,
}

/// Runs `launch` to its end. `out` is the folder whose size is watched.
pub(super) async fn run(
    launch: Launch,
    out: &Path,
    limits: &Limits,
    cancel: &CancellationToken,
) -> io::Result<Finished> {
    if cancel.is_cancelled() {
        return Ok(Finished {
            end: End::Cancelled,
            stdout: Vec::new(),
            log: Log::default(),
        });
    }
    // The starter goes last: what it started dies with it.
    let (mut child, _starter) = start(launch).await?;
    let group = Group::of(&child);
    let mut pipes = Pipes::of(&mut child, limits.stdout);
    let end = watch(&mut child, &mut pipes, out, limits, cancel).await;
    drop(group);
    let end = end?;
    if !matches!(end, End::Exit(_)) {
        // A process stuck in the kernel must not hold the worker; the runtime reaps it later.
        if tokio::time::timeout(REAP_WITHIN, child.wait())
            .await
            .is_err()
        {
            tracing::warn!(pid = child.id(), "a killed process is not gone yet");
        }
    }
    if tokio::time::timeout(DRAIN_WITHIN, pipes.drain())
        .await
        .is_err()
    {
        tracing::warn!("the output of a process that ended did not");
    }
    Ok(Finished {
        end,
        stdout: pipes.stdout,
        log: pipes.log,
    })
}

async fn watch(
    child: &mut Child,
    pipes: &mut Pipes,
    out: &Path,
    limits: &Limits,
    cancel: &CancellationToken,
) -> io::Result<End> {
    let started = Instant::now();
    let (mut steps, mut moved) = (0, started);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(End::Cancelled),
            status = child.wait() => return Ok(End::Exit(status?)),
            more = pipes.read(), if pipes.is_open() => {
                more?;
                if pipes.stdout.len() > limits.stdout {
                    return Ok(End::TooMuchPrinted);
                }
            }
            _ = looks.tick() => {
                if pipes.log.steps() != steps {
                    (steps, moved) = (pipes.log.steps(), Instant::now());
                }
                if moved.elapsed() > limits.stall {
                    return Ok(End::Timeout(moved.elapsed()));
                }
                if started.elapsed() > limits.wall {
                    return Ok(End::Timeout(started.elapsed()));
                }
                if size_of(out).await? > limits.output {
                    return Ok(End::TooMuchOutput);
                }
            }
        }
    }
}

/// Bytes of the files in `folder`, which has no folders in it.
async fn size_of(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        // A file may go between listing and looking.
        total += entry.metadata().await.map_or(0, |metadata| metadata.len());
    }
    Ok(total)
}

/// Keeps the thread that started a child; the thread ends when this is dropped.
struct Starter(#[expect(dead_code, reason = "held for its Drop")] mpsc::Sender<()>);

/// Starts a child in a process group of its own.
async fn start(launch: Launch) -> io::Result<(Child, Option<Starter>)> {
    let Some(confinement) = launch.confinement else {
        return Ok((spawn(&launch.argv, launch.stdin.as_ref())?, None));
    };
    // The thread confines itself for good, so it is one that nobody needs any more.
    let (answer, started) = oneshot::channel();
    let (held, released) = mpsc::channel();
    let runtime = Handle::current();
    std::thread::Builder::new()
        .name("confined-start".to_owned())
        .spawn(move || {
            let _runtime = runtime.enter();
            let child = confinement.apply().and_then(|()| spawn(&launch.argv, None));
            // The caller may have gone; dropping the child kills it.
            drop(answer.send(child));
            // Nothing is ever sent: this waits for the run's end.
            while released.recv().is_ok() {}
        })?;
    let child = started.await.map_err(io::Error::other)??;
    Ok((child, Some(Starter(held))))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is the one that starts children: boxed, limited, in a group of their own"
)]
fn spawn(argv: &[OsString], stdin: Option<&PathBuf>) -> io::Result<Child> {
    let (program, rest) = argv
        .split_first()
        .ok_or_else(|| io::Error::other("there is no program to run"))?;
    let stdin = match stdin {
        Some(path) => std::fs::File::open(path)?.into(),
        None => Stdio::null(),
    };
    Command::new(program)
        .args(rest)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("MALLOC_ARENA_MAX", "2")
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Kills a process group when it goes out of scope.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(
            child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .and_then(Pid::from_raw),
        )
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0.take() {
            // An error says that nobody is left in it.
            if kill_process_group(group, Signal::KILL).is_ok() {
                tracing::debug!(?group, "killed what was left of a run");
            }
        }
    }
}

/// What comes out of a run.
struct Pipes {
    out: Option<tokio::process::ChildStdout>,
    err: Option<tokio::process::ChildStderr>,
    from_out: Vec<u8>,
    from_err: Vec<u8>,
    stdout: Vec<u8>,
    limit: usize,
    log: Log,
}

impl Pipes {
    fn of(child: &mut Child, limit: usize) -> Self {
        Self {
            out: child.stdout.take(),
            err: child.stderr.take(),
            from_out: vec![0; 16 * 1024],
            from_err: vec![0; 4 * 1024],
            stdout: Vec::new(),
            limit,
            log: Log::default(),
        }
    }

    const fn is_open(&self) -> bool {
        self.out.is_some() || self.err.is_some()
    }

    /// Takes what there is in the pipes that are still open.
    async fn read(&mut self) -> io::Result<()> {
        let Self {
            out,
            err,
            from_out,
            from_err,
            ..
        } = self;
        tokio::select! {
            count = read_some(out, from_out) => {
                let count = count?;
                // One byte above the limit is enough to know.
                let room = (self.limit + 1).saturating_sub(self.stdout.len());
                self.stdout.extend(self.from_out.iter().take(count.min(room)));
                if count == 0 {
                    self.out = None;
                }
            }
            count = read_some(err, from_err) => {
                let count = count?;
                self.log.push(self.from_err.get(..count).unwrap_or_default());
                if count == 0 {
                    self.err = None;
                }
            }
        }
        Ok(())
    }

    /// Takes what is left.
    async fn drain(&mut self) -> io::Result<()> {
        while self.is_open() {
            self.read().await?;
        }
        Ok(())
    }
}

/// Reads from a pipe that is still open.
async fn read_some<R: AsyncRead + Unpin>(
    pipe: &mut Option<R>,
    buffer: &mut [u8],
) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read(buffer).await,
        None => std::future::pending().await,
    }
}
