//! From `complete` to a worker's beginning, and where the time goes, as the services tell it in
//! their spans; in turn with the peer.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use opentelemetry_proto::tonic::trace::v1::Span;
use system_tests::collector::attribute;
use system_tests::{Cluster, Collector, film};
use testkit::stage::eventually;

use super::bare::Bare;
use crate::client::{Client, Uploaded};
use crate::table::{line, median, milliseconds, p99};

/// Uploads of the second series that are closed at once.
const AT_ONCE: usize = 8;

/// Uploads before the first that counts: groups gather, connections open.
const WARM_UP: usize = 5;

/// How much longer than the peer 99 of 100 may take.
const LIMIT: &str = "50 ms";

/// An upload whose way is to be found in the spans.
struct Closed {
    video_id: String,
    /// When `complete` was sent, since the epoch.
    sent: Duration,
    /// Seconds until it was answered.
    answered: f64,
}

/// What happened to an upload, in seconds since `complete` was sent.
struct Way {
    answered: f64,
    committed: f64,
    heard: f64,
    begun: f64,
}

pub(super) async fn run(uploads: usize) {
    let collector = Collector::start();
    let telemetry = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())];
    let cluster = Cluster::start_with(1, &telemetry).await;
    let client = Client::new(cluster.url("").trim_end_matches('/'));
    let clip = film::lavfi(cluster.folder(), "tiny.mp4", 1, "25", "160x120");
    let mut bare = Bare::start().await;
    for _ in 0..WARM_UP {
        close(&client, &clip, 1).await;
    }
    for at_once in [1, AT_ONCE] {
        let (mut closed, mut peer) = (Vec::new(), Vec::new());
        while closed.len() < uploads {
            closed.extend(close(&client, &clip, at_once).await);
            peer.extend(bare.times(at_once).await);
        }
        let ways = eventually("the way of every upload is told", async || {
            ways_of(&closed, &collector.received().spans)
        })
        .await;
        report(at_once, &ways, &peer);
    }
    bare.end().await;
}

/// Closes so many uploads at once, and waits until all is done for them.
async fn close(client: &Client, clip: &Path, at_once: usize) -> Vec<Closed> {
    let sent = join_all((0..at_once).map(|_| client.send(clip))).await;
    let closing = sent.into_iter().map(async |sent| {
        let uploaded = client.close(sent).await;
        closed(uploaded)
    });
    let closed = join_all(closing).await;
    join_all(closed.iter().map(|one| client.settled(&one.video_id))).await;
    closed
}

fn closed(uploaded: Uploaded) -> Closed {
    Closed {
        sent: now().saturating_sub(uploaded.completed.elapsed()),
        video_id: uploaded.video_id,
        answered: uploaded.answered.as_secs_f64(),
    }
}

/// By the clock of the spans, since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "other processes' times are told by this clock"
)]
fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock that is set")
}

/// The way of each upload, or how many are known.
fn ways_of(closed: &[Closed], spans: &[Span]) -> Result<Vec<Way>, String> {
    let mut traces: HashMap<&[u8], Vec<&Span>> = HashMap::new();
    for span in spans {
        traces.entry(&span.trace_id).or_default().push(span);
    }
    let plans = spans
        .iter()
        .filter(|span| span.name == "transcode.task" && attribute(span, "task.kind") == "plan");
    let plans: HashMap<&str, &[u8]> = plans
        .map(|span| (attribute(span, "video.id"), span.trace_id.as_slice()))
        .collect();
    let known: Vec<Way> = closed
        .iter()
        .filter_map(|one| {
            let trace = plans.get(one.video_id.as_str())?;
            way(one, traces.get(trace)?)
        })
        .collect();
    if known.len() == closed.len() {
        Ok(known)
    } else {
        Err(format!("known of {} of {}", known.len(), closed.len()))
    }
}

fn way(closed: &Closed, trace: &[&Span]) -> Option<Way> {
    let since = |nanos: u64| Duration::from_nanos(nanos).as_secs_f64() - closed.sent.as_secs_f64();
    let first = |is_it: &dyn Fn(&Span) -> bool| {
        let found = trace.iter().filter(|span| is_it(span));
        found.min_by_key(|span| span.start_time_unix_nano)
    };
    let committed = first(&|span| span.name == "ingress.complete")?;
    let heard = first(&|span| {
        span.name == "handle event"
            && attribute(span, "group") == "transcoder-planner"
            && attribute(span, "topic") == "transcode"
    })?;
    let begun =
        first(&|span| span.name == "transcode.task" && attribute(span, "task.kind") == "plan")?;
    Some(Way {
        answered: closed.answered,
        committed: since(committed.end_time_unix_nano),
        heard: since(heard.start_time_unix_nano),
        begun: since(begun.start_time_unix_nano),
    })
}

fn report(at_once: usize, ways: &[Way], peer: &[f64]) {
    let how = if at_once == 1 {
        "one after another".to_owned()
    } else {
        format!("{at_once} at once")
    };
    line(&format!(
        "\n| {} uploads, {how}; from `complete` sent until | median | 99 of 100 within |",
        ways.len()
    ));
    line("| --- | --- | --- |");
    let row = |name: &str, values: &[f64]| {
        let (middle, most) = (median(values), p99(values));
        line(&format!(
            "| {name} | {} | {} |",
            milliseconds(middle),
            milliseconds(most)
        ));
    };
    let column = |moment: fn(&Way) -> f64| ways.iter().map(moment).collect::<Vec<_>>();
    let begun = column(|way| way.begun);
    let after_answer = column(|way| way.begun - way.answered);
    row(
        "the upload is kept, and its event with it",
        &column(|way| way.committed),
    );
    row("`complete` is answered", &column(|way| way.answered));
    row("the planner has the event", &column(|way| way.heard));
    row("a worker begins", &begun);
    row("answer to a worker's beginning", &after_answer);
    row("a bare producer's message is consumed", peer);
    let beyond = |what: &str, values: &[f64]| {
        line(&format!(
            "| {what}, beyond the bare message (limit {LIMIT}) | {} | {} |",
            milliseconds(median(values) - median(peer)),
            milliseconds(p99(values) - p99(peer))
        ));
    };
    beyond("a worker begins", &begun);
    beyond("answer to a worker's beginning", &after_answer);
}
