//! Upload to complete, against one plain ffmpeg; and two workers against one.

use std::path::Path;

use system_tests::{Marquee, film, marquee::command};
use tokio::process::Child;

use crate::client::Client;
use crate::peer;
use crate::table::{line, median, seconds};

/// Clips of 5.3 s: about 80 s of film.
const TIMES: u32 = 15;

/// How often each is measured.
const ROUNDS: usize = 3;

pub(crate) async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = film::looped_clip(folder.path(), "film.mp4", TIMES);
    let (mut ours, mut theirs, mut ones, mut twos) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        ours.push(whole_machine(&source).await);
        theirs.push(peer::whole_ladder(&source, folder.path()));
        ones.push(workers(&source, &["0"]).await);
        twos.push(workers(&source, &["0", "1"]).await);
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    line("| upload to complete | time | ratio |");
    line("| --- | --- | --- |");
    line(&format!(
        "| one plain ffmpeg, same rungs and settings | {} | 1 |",
        seconds(theirs)
    ));
    line(&format!(
        "| Marquee, one process | {} | {:.2}× |",
        seconds(ours),
        ours / theirs
    ));
    let (one, two) = (median(&ones), median(&twos));
    line(&format!(
        "| one worker process on one core | {} | 1 |",
        seconds(one)
    ));
    line(&format!(
        "| two worker processes, a core each | {} | {:.2}× as fast |",
        seconds(two),
        one / two
    ));
}

async fn whole_machine(source: &Path) -> f64 {
    let mut marquee = Marquee::up().await;
    let taken = upload_to_complete(&marquee, source).await;
    marquee.kill().await;
    taken
}

/// Everything but the workers in one process, and a worker process on each of `cores`.
async fn workers(source: &Path, cores: &[&str]) -> f64 {
    let data = tempfile::tempdir().expect("a folder");
    let others = "objects,edge-provider,edge,ingress,metadata,post-processor,planner,gateway";
    let mut marquee = Marquee::up_on_with(data.path(), &["--services", others]).await;
    let mut children: Vec<Child> = Vec::new();
    for core in cores {
        let worker = command(data.path(), ["serve", "worker"]);
        let mut pinned = pinned(core);
        pinned
            .arg(worker.as_std().get_program())
            .args(worker.as_std().get_args());
        pinned.env("MARQUEE__TRANSCODER__BULK_SLOTS", "1");
        children.push(
            pinned
                .stdout(std::process::Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("taskset is installed"),
        );
    }
    let taken = upload_to_complete(&marquee, source).await;
    for mut child in children {
        child.kill().await.expect("our own child");
    }
    marquee.kill().await;
    taken
}

#[expect(
    clippy::disallowed_methods,
    reason = "the benchmark pins processes to cores"
)]
fn pinned(core: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("taskset");
    command.args(["-c", core]);
    command
}

async fn upload_to_complete(marquee: &Marquee, source: &Path) -> f64 {
    let client = Client::new(marquee.url());
    let begun = tokio::time::Instant::now();
    let uploaded = client.upload(source).await;
    client.complete(&uploaded.video_id).await;
    begun.elapsed().as_secs_f64()
}
