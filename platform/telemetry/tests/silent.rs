//! Without a collector traces are whole all the same.

use platform_telemetry::{Config, current_traceparent, metrics, set_parent};
use tracing::info_span;

#[tokio::test]
async fn traces_go_on_where_nobody_collects_them() {
    let config = Config {
        log: "off".to_owned(),
        ..Config::default()
    };
    let guard = platform_telemetry::init(&config).unwrap();
    let first = info_span!(target: "ingress", "first");
    let sent = first.in_scope(current_traceparent).unwrap();
    let second = info_span!(target: "transcoder", "second");
    set_parent(&second, &sent);
    let passed_on = second.in_scope(current_traceparent).unwrap();
    let trace_of = |traceparent: &str| traceparent.split('-').nth(1).map(str::to_owned);
    assert_eq!(trace_of(&passed_on), trace_of(&sent));
    assert_ne!(passed_on, sent);
    assert_eq!(current_traceparent(), None);
    metrics::queue_depth("urgent", 1);
    guard.shutdown();
}
