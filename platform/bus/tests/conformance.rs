//! The embedded bus keeps the promises of the seam.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform_bus::{Bus, EmbeddedBus, Settings};
use testkit::conformance::bus::{self, Cluster, Process};

struct Embedded(tempfile::TempDir);

#[async_trait]
impl Cluster for Embedded {
    async fn process(&self) -> Process {
        let folder = self.0.path().to_owned();
        Process::start(async move |lifecycle| {
            let settings = Settings {
                lease: Duration::from_millis(300),
                handover: Duration::from_secs(5),
                ..Settings::default()
            };
            let db = testkit::rows::open(&folder, &lifecycle).await;
            let bus = EmbeddedBus::open_with(db.clone(), &lifecycle, settings);
            let bus: Arc<dyn Bus> = Arc::new(bus.await.unwrap());
            (bus, Some(db))
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_bus_conforms() {
    bus::run(async || Embedded(tempfile::tempdir().unwrap())).await;
}
