//! A decoder that hangs and forks: it is ended with all that it started, tried again, and then the
//! film fails, with what the decoder said for the operator.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use platform_blob::PutOptions;
use testkit::stage::eventually;

use super::town::{BOTH, Town, end};
use crate::domain::FilmState;
use crate::staging::{Staging, StagingConfig};
use crate::studio::BoxedStudio;
use crate::toolbox::{SandboxChoice, ToolConfig, Toolbox};

/// Says its arguments, forks where it may, and takes no notice of polite signals.
const STUCK: &str = r#"#!/usr/bin/perl
if ("@ARGV" eq "-version") { print "ffmpeg version 9.0 Copyright\n"; exit }
print STDERR "arguments: $_\n" for grep { /pwned|^file:|^-i$|white/ } @ARGV;
$SIG{TERM} = $SIG{INT} = $SIG{HUP} = "IGNORE";
fork() for 1 .. 3;
sleep 600 while 1;
"#;

/// Processes that run the script in `folder`.
fn alive(folder: &Path) -> usize {
    let mark = folder.join("ffmpeg").display().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.map(|entry| std::fs::read(entry.path().join("cmdline")));
    lines
        .filter(|line| {
            let line = line.as_deref().unwrap_or_default();
            String::from_utf8_lossy(line).contains(&mark)
        })
        .count()
}

async fn story(sandbox: SandboxChoice) {
    let folder = tempfile::tempdir().unwrap();
    let stuck = folder.path().join("ffmpeg");
    std::fs::write(&stuck, STUCK).unwrap();
    std::fs::set_permissions(&stuck, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = ToolConfig {
        ffmpeg: Some(stuck),
        sandbox,
        scratch: folder.path().join("scratch"),
        stall_secs: 1,
        ..ToolConfig::default()
    };
    let tools = Arc::new(Toolbox::detect(&config).await.unwrap());
    let town = Town::new().await;
    let staging = StagingConfig {
        folder: folder.path().join("staging"),
        ..StagingConfig::default()
    };
    let staging = Staging::new(Arc::clone(&town.blobs), Arc::clone(&tools), &staging);
    let staging = Arc::new(staging.unwrap());
    let studio = Arc::new(BoxedStudio { tools, staging });
    let clip =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/media/bigbuckbunny-720p-5s.mp4");
    let film = std::fs::read(clip).unwrap();
    let put = town.blobs.put(
        "raw/a/source",
        film.into(),
        "video/mp4",
        PutOptions::default(),
    );
    put.await.unwrap();

    let life = town.process(&studio, BOTH).await;
    let key = town
        .upload_named("raw/a/source", "-i pwned|concat:pwned")
        .await;
    town.reaches(&key, FilmState::Failed).await;
    let tasks = town.store.tasks(None).await.unwrap();
    let failed = tasks.iter().find(|task| task.state == "failed").unwrap();
    assert_eq!(failed.attempts, 3, "{tasks:?}");
    let said = &failed.last_error;
    assert!(
        said.contains("made no progress") && said.contains("arguments: -i"),
        "{said}"
    );
    assert!(said.contains("arguments: -protocol_whitelist"), "{said}");
    // Of all that the uploader wrote, nothing came so far.
    assert!(!said.contains("pwned"), "{said}");
    end(life, Duration::from_secs(10)).await;
    // Killed is not gone yet: the kernel takes its time.
    eventually("no process is left", || async { alive(folder.path()) == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_decoder_fails_its_film_and_leaves_nothing_behind() {
    story(SandboxChoice::Auto).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_one_that_forked_outside_of_any_box() {
    story(SandboxChoice::Off).await;
}
