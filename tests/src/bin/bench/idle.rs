//! `marquee up` at rest.

use std::time::Duration;

use system_tests::Marquee;
use tokio::time::Instant;

use crate::table::{line, seconds};

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(30);

/// Ticks a second of `/proc/PID/stat` on Linux.
const TICKS: f64 = 100.0;

pub(crate) async fn run() {
    let data = tempfile::tempdir().expect("a folder");
    let mut first = Marquee::up_on(data.path()).await;
    first.kill().await;
    let begun = Instant::now();
    let marquee = Marquee::up_on(data.path()).await;
    let ready = begun.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = cpu_ticks(&marquee);
    tokio::time::sleep(WATCHED).await;
    let used = (cpu_ticks(&marquee) - before) / TICKS / WATCHED.as_secs_f64();
    line("| `marquee up`, idle | figure | limit |");
    line("| --- | --- | --- |");
    line(&format!(
        "| ready, second start | {} | 2 s |",
        seconds(ready)
    ));
    line(&format!(
        "| resident | {:.0} MB | 200 MB |",
        resident_mb(&marquee)
    ));
    line(&format!("| of a core | {:.2} % | 2 % |", used * 100.0));
}

fn proc_file(marquee: &Marquee, name: &str) -> String {
    std::fs::read_to_string(format!("/proc/{}/{name}", marquee.process_id())).expect("it runs")
}

/// User and system time, fields 14 and 15 of proc(5) stat.
fn cpu_ticks(marquee: &Marquee) -> f64 {
    let stat = proc_file(marquee, "stat");
    let after_name = stat.rsplit_once(')').expect("a name in parentheses").1;
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|n| n.parse::<f64>().expect("a number"))
        .sum()
}

fn resident_mb(marquee: &Marquee) -> f64 {
    let status = proc_file(marquee, "status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("VmRSS");
    line.trim()
        .trim_end_matches(" kB")
        .parse::<f64>()
        .expect("a number")
        / 1000.0
}
