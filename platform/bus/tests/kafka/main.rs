//! The bus on a real Kafka keeps the promises of the seam, whoever dies.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test; the children are what the tests are about"
)]

mod brokers;
mod cluster;
mod members;
mod mistakes;
mod outage;
mod outside;
mod secured;

use cluster::Kafka;
use testkit::conformance::bus;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn kafka_conforms() {
    bus::run(async || Kafka::new()).await;
}
