//! What runs in the box gets out of it nowhere, and never outlives its job.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::process::{self, End, Finished};
use super::sandbox::Order;
use super::{Limits, SandboxChoice, ToolConfig, Toolbox};
use crate::encode::Urgency;

/// A box of each kind that works on this machine.
async fn boxes(folder: &Path) -> Vec<Toolbox> {
    let mut boxes = Vec::new();
    for sandbox in [SandboxChoice::Bubblewrap, SandboxChoice::Landlock] {
        let config = ToolConfig {
            scratch: folder.join("scratch"),
            sandbox,
            ..ToolConfig::default()
        };
        match Toolbox::detect(&config).await {
            Ok(tools) => boxes.push(tools),
            Err(error) => println!("not tried: {error}"),
        }
    }
    assert!(!boxes.is_empty(), "no sandbox works on this machine");
    boxes
}

fn limits(wall: Duration) -> Limits {
    let config = ToolConfig::default();
    Limits {
        wall,
        stall: wall,
        ..Limits::probe(&config)
    }
}

/// Runs a Perl script in the box of `tools`: it is on every Debian, and can call anything.
async fn perl(
    tools: &Toolbox,
    script: &str,
    wall: Duration,
    cancel: &CancellationToken,
) -> Finished {
    let job = tools.scratch.job().unwrap();
    let source = job.path().join("film");
    std::fs::write(&source, "the film").unwrap();
    let limits = limits(wall);
    let view = tools.sandbox.view(job.path());
    let path = |text: &str| text.strip_prefix("file:").unwrap().to_owned();
    let args = ["-e", script, &path(&view.source), &path(&view.out(""))];
    let order = Order {
        program: Path::new("/usr/bin/perl"),
        args: args.map(str::to_owned).to_vec(),
        job: job.path(),
        source: &source,
        limits: &limits,
        urgency: Urgency::Urgent,
    };
    let launch = tools.sandbox.launch(&tools.wrappers, order).unwrap();
    process::run(launch, &job.out(), &limits, cancel)
        .await
        .unwrap()
}

async fn says(tools: &Toolbox, script: &str) -> String {
    let finished = perl(
        tools,
        script,
        Duration::from_secs(20),
        &CancellationToken::new(),
    )
    .await;
    let said = String::from_utf8_lossy(&finished.stdout).into_owned();
    format!("{said}{}", finished.log.tail())
}

#[tokio::test]
async fn nothing_outside_can_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let canary = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let port = canary.local_addr().unwrap().port();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "canary").unwrap();
    let (secret, pid) = (secret.display(), std::process::id());
    let attempts = [
        (
            "TCP",
            format!(
                "use Socket; socket(S,PF_INET,SOCK_STREAM,0) && connect(S,sockaddr_in({port},INADDR_LOOPBACK))"
            ),
        ),
        (
            "UDP",
            format!(
                "use Socket; socket(S,PF_INET,SOCK_DGRAM,0) && send(S,'x',0,sockaddr_in({port},INADDR_LOOPBACK))"
            ),
        ),
        (
            "unix socket",
            "use Socket; socket(S,PF_UNIX,SOCK_STREAM,0)".to_owned(),
        ),
        ("/etc/shadow", "open(F,'<','/etc/shadow') && <F>".to_owned()),
        (
            "another job's file",
            format!("open(F,'<','{secret}') && <F>"),
        ),
        ("writing outside", format!("open(F,'>','{secret}2')")),
        ("writing to /usr", "open(F,'>','/usr/escaped')".to_owned()),
        ("writing the input", "open(F,'>>',$ARGV[0])".to_owned()),
        (
            "the environment of others",
            format!("open(F,'<','/proc/{pid}/environ') && <F>"),
        ),
        ("a signal to others", format!("kill('CONT',{pid})")),
        // Without a terminal, "no such device" (6) is what the one who may open it is told.
        (
            "the terminal",
            "open(F,'+<','/dev/tty') || $! == 6".to_owned(),
        ),
        // System calls by their number on x86-64.
        ("ptrace", "syscall(101,0,0,0,0) == 0".to_owned()),
        (
            "mount",
            "my ($a,$b,$c)=('none','/tmp','tmpfs'); syscall(165,$a,$b,$c,0,0) == 0".to_owned(),
        ),
        ("a namespace", "syscall(272,0x10000000) == 0".to_owned()),
        ("another user", "syscall(105,12345) == 0".to_owned()),
    ];
    for tools in boxes(folder.path()).await {
        let name = tools.sandbox.name();
        // The probe itself works: what is allowed succeeds.
        let allowed = "print((open(F,'<',$ARGV[0]) && <F> && open(G,'>',\"$ARGV[1]/made\")) ? 'in' : 'broken')";
        assert_eq!(says(&tools, allowed).await, "in", "{name}");
        for (what, attempt) in &attempts {
            let script = format!("print((do {{ {attempt} }}) ? 'OUT' : 'in')");
            let said = says(&tools, &script).await;
            assert!(
                said.ends_with("in") && !said.contains("OUT"),
                "{name}: {what}: {said}"
            );
        }
    }
    assert!(canary.accept().is_err(), "the canary was reached");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2,
        "something was written"
    );
}

#[tokio::test]
async fn a_fork_bomb_and_a_memory_hog_end_within_their_limits() {
    let folder = tempfile::tempdir().unwrap();
    for tools in boxes(folder.path()).await {
        let name = tools.sandbox.name();
        let said = says(&tools, "print(defined(fork()) ? 'OUT' : 'in')").await;
        assert_eq!(said, "in", "{name}");
        let hog = "my @a; while(1){push @a,'x' x 1e7}";
        let finished = perl(
            &tools,
            hog,
            Duration::from_secs(20),
            &CancellationToken::new(),
        )
        .await;
        assert!(
            matches!(finished.end, End::Exit(status) if !status.success()),
            "{name}"
        );
        let flood = "$|=1; while(1){print 'x' x 100000}";
        let finished = perl(
            &tools,
            flood,
            Duration::from_secs(20),
            &CancellationToken::new(),
        )
        .await;
        assert!(
            matches!(finished.end, End::TooMuchPrinted),
            "{name}: {:?}",
            finished.end
        );
        let file =
            "open(F,'>',\"$ARGV[1]/f\"); print F 'x' x 1000000 for 1..100; close F; print 'OUT'";
        assert!(!says(&tools, file).await.contains("OUT"), "{name}");
    }
}

/// Processes of this test that are still there: they carry its mark as an argument.
fn alive(mark: &str) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .map(|entry| entry.path())
        .filter(|path| {
            let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(mark)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_runs_leave_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (round, tools) in boxes(folder.path()).await.into_iter().enumerate() {
        let tools = Arc::new(tools);
        let mark = format!("mark-{}-{round}", std::process::id());
        // Ignores every polite signal.
        let script = format!(
            "$SIG{{TERM}}=$SIG{{INT}}=$SIG{{HUP}}='IGNORE'; '{mark}'; $|=1; sleep 600 while 1"
        );
        let cancel = CancellationToken::new();
        let runs: Vec<_> = (0..20)
            .map(|_| perl(&tools, &script, Duration::from_mins(1), &cancel))
            .collect();
        let ended = futures_util::future::join_all(runs);
        let started = async {
            while alive(&mark).len() < 20 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            cancel.cancel();
            Instant::now()
        };
        let (ended, cancelled) = tokio::join!(ended, started);
        let took = cancelled.elapsed();
        assert!(
            ended
                .iter()
                .all(|finished| matches!(finished.end, End::Cancelled))
        );
        assert!(took < Duration::from_secs(5), "{took:?}");
        gone(&mark, &tools).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_cancelled_while_they_start_leave_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (round, tools) in boxes(folder.path()).await.into_iter().enumerate() {
        let mark = format!("early-{}-{round}", std::process::id());
        let script = format!("'{mark}'; sleep 600 while 1");
        // The box is made within some ten milliseconds, in many steps.
        for moment in 0..100 {
            let cancel = CancellationToken::new();
            let runs = (0..8).map(|_| perl(&tools, &script, Duration::from_mins(1), &cancel));
            let soon = async {
                tokio::time::sleep(Duration::from_micros(moment * 200)).await;
                cancel.cancel();
            };
            let (ended, ()) = tokio::join!(futures_util::future::join_all(runs), soon);
            let cancelled = |run: &Finished| matches!(run.end, End::Cancelled);
            assert!(ended.iter().all(cancelled), "{moment}");
        }
        gone(&mark, &tools).await;
    }
}

/// Waits until nothing with this mark is there: what is killed takes a moment to be gone.
async fn gone(mark: &str, tools: &Toolbox) {
    let gone = until("no process is left", || alive(mark).is_empty());
    let soon = tokio::time::timeout(Duration::from_secs(5), gone).await;
    let name = tools.sandbox.name();
    assert!(soon.is_ok(), "{name}: left after 5 s: {:?}", alive(mark));
}

#[tokio::test]
async fn a_dropped_run_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    for (round, tools) in boxes(folder.path()).await.into_iter().enumerate() {
        let mark = format!("drop-{}-{round}", std::process::id());
        let script = format!("'{mark}'; sleep 600 while 1");
        let cancel = CancellationToken::new();
        let run = perl(&tools, &script, Duration::from_mins(1), &cancel);
        assert!(
            tokio::time::timeout(Duration::from_secs(2), run)
                .await
                .is_err()
        );
        gone(&mark, &tools).await;
    }
}

#[tokio::test]
#[ignore = "the process that the next test kills"]
async fn holds_runs_until_killed() {
    let folder = tempfile::tempdir().unwrap();
    let boxes = boxes(folder.path()).await;
    let script = format!("'held-{}'; sleep 600 while 1", std::process::id());
    let cancel = CancellationToken::new();
    let runs = boxes
        .iter()
        .map(|tools| perl(tools, &script, Duration::from_mins(2), &cancel));
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn no_run_outlives_the_process_that_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let boxes = boxes(folder.path()).await.len();
    #[expect(clippy::disallowed_methods, reason = "kill -9 needs a process to kill")]
    let mut victim = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "toolbox::tests::holds_runs_until_killed"])
        .arg("--ignored")
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mark = format!("held-{}", victim.id().unwrap());
    // What starts a run is not tied to its parent from its very first moment.
    until("the runs are under way", || running(&mark) == boxes).await;
    victim.kill().await.unwrap();
    until("the runs are gone", || alive(&mark).is_empty()).await;
}

/// How many runs have become the tool itself.
fn running(mark: &str) -> usize {
    let is_tool = |process: &PathBuf| {
        let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let program = line.split(|byte| *byte == 0).next();
        program.is_some_and(|program| program.ends_with(b"perl"))
    };
    alive(mark)
        .iter()
        .filter(|process| is_tool(process))
        .count()
}

/// Waits until it is so.
async fn until(what: &str, so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(waited.is_ok(), "not within 30 s: {what}");
}

#[tokio::test]
async fn what_makes_no_progress_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    for tools in boxes(folder.path()).await {
        let cancel = CancellationToken::new();
        let finished = perl(&tools, "1 while 1", Duration::from_millis(700), &cancel).await;
        assert!(
            matches!(finished.end, End::Timeout(_)),
            "{:?}",
            finished.end
        );
    }
}
