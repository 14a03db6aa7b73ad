//! A collector that does not answer delays the end of the program a little, not for ever.

use std::net::TcpListener;
use std::time::Duration;

use platform_telemetry::Config;
use tokio::time::Instant;

#[tokio::test]
async fn the_end_does_not_wait_for_a_collector_that_hangs() {
    // Accepts connections into its backlog and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = Config {
        log: "off".to_owned(),
        otlp_endpoint: format!("http://{}", listener.local_addr().unwrap()),
        ..Config::default()
    };
    let guard = platform_telemetry::init(&config).unwrap();
    tracing::info_span!(target: "ingress", "lost").in_scope(|| {});
    let begin = Instant::now();
    guard.shutdown();
    assert!(begin.elapsed() < Duration::from_secs(10));
}
