//! The numbers that services report, each by one function, so that names and units are in one
//! place. Nothing is recorded when no collector is configured.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Histogram, Meter};

/// Instruments belong to the provider that `init` makes, once for the process.
static INSTRUMENTS: OnceLock<Instruments> = OnceLock::new();

#[derive(Debug)]
struct Instruments {
    queue_depth: Gauge<u64>,
    encode_speed: Histogram<f64>,
    first_frame: Histogram<f64>,
    http_request: Histogram<f64>,
    bus_lag: Gauge<u64>,
    outbox_rows: Gauge<u64>,
    outbox_age: Gauge<f64>,
}

pub(crate) fn install(meter: &Meter) {
    INSTRUMENTS.get_or_init(|| Instruments {
        queue_depth: meter
            .u64_gauge("marquee.transcode.queue_depth")
            .with_description("Encode tasks that wait for a worker")
            .build(),
        encode_speed: meter
            .f64_histogram("marquee.encode.speed")
            .with_description("Seconds of film encoded per second, by task")
            .with_boundaries(vec![0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
            .build(),
        first_frame: meter
            .f64_histogram("marquee.first_frame_seconds")
            .with_description("Seconds from a completed upload to its first playable segment")
            .with_unit("s")
            .with_boundaries(vec![0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
            .build(),
        http_request: meter
            .f64_histogram("http.server.request.duration")
            .with_description("Seconds until an HTTP request was answered")
            .with_unit("s")
            .with_boundaries(vec![
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
            ])
            .build(),
        bus_lag: meter
            .u64_gauge("marquee.bus.lag")
            .with_description("Events of a topic that a group has not committed")
            .build(),
        outbox_rows: meter
            .u64_gauge("marquee.outbox.rows")
            .with_description("Events that wait in the database to be published")
            .build(),
        outbox_age: meter
            .f64_gauge("marquee.outbox.oldest")
            .with_description("Seconds that the oldest event in the outbox has waited")
            .with_unit("s")
            .build(),
    });
}

/// Encode tasks of a `priority` that wait for a worker.
pub fn queue_depth(priority: &str, tasks: u64) {
    if let Some(to) = INSTRUMENTS.get() {
        to.queue_depth
            .record(tasks, &[KeyValue::new("priority", priority.to_owned())]);
    }
}

/// A task that encoded `times_realtime` seconds of film per second, of all its rungs together.
pub fn encode_speed(task_kind: &str, times_realtime: f64) {
    if let Some(to) = INSTRUMENTS.get() {
        let kind = KeyValue::new("task.kind", task_kind.to_owned());
        to.encode_speed.record(times_realtime, &[kind]);
    }
}

/// A film that became playable `seconds` after its upload was complete.
pub fn first_frame(seconds: f64) {
    if let Some(to) = INSTRUMENTS.get() {
        to.first_frame.record(seconds, &[]);
    }
}

/// An HTTP request answered with `status` after `seconds`. `route` is the pattern, never the
/// path: each distinct value is a series of its own.
pub fn http_request(method: &str, route: &str, status: u16, seconds: f64) {
    if let Some(to) = INSTRUMENTS.get() {
        let attributes = [
            KeyValue::new("http.request.method", method.to_owned()),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        to.http_request.record(seconds, &attributes);
    }
}

/// Events of `topic` that `group` has not committed.
pub fn bus_lag(group: &str, topic: &str, events: u64) {
    if let Some(to) = INSTRUMENTS.get() {
        let attributes = [
            KeyValue::new("group", group.to_owned()),
            KeyValue::new("topic", topic.to_owned()),
        ];
        to.bus_lag.record(events, &attributes);
    }
}

/// Events that wait in the database to be published, the oldest for `oldest_s` seconds.
pub fn outbox(rows: u64, oldest_s: f64) {
    if let Some(to) = INSTRUMENTS.get() {
        to.outbox_rows.record(rows, &[]);
        to.outbox_age.record(oldest_s, &[]);
    }
}
