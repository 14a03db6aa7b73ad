//! Joins a group on Kafka, prints the first message that it gets, and commits it when a line comes
//! on its standard input. `tests/kafka` kills and stops it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a child process of a test"
)]

use std::io::Write as _;

use platform_bus::{Bus as _, BusError, Config, KafkaBus};
use platform_core::Lifecycle;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let brokers = arguments.next();
    let prefix = arguments.next().unwrap();
    let config = Config {
        brokers,
        topic_prefix: prefix.clone(),
        group_prefix: prefix,
        session_timeout_ms: 6000,
        ..Config::default()
    };
    let topics = ["t".to_owned()];
    let lifecycle = Lifecycle::new();
    let bus = KafkaBus::open_with(&config, &topics, &lifecycle)
        .await
        .unwrap();
    let mut member = bus.subscribe("g", &topics).await.unwrap();
    let got = member.next(1).await.unwrap();
    let mut out = std::io::stdout();
    let text = String::from_utf8(got[0].payload.to_vec()).unwrap();
    writeln!(out, "got {text}").unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let outcome = match member.commit(&got[0]).await {
        Ok(()) => "committed".to_owned(),
        Err(BusError::Lost) => "lost".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    writeln!(out, "{outcome}").unwrap();
    member.close().await;
}
