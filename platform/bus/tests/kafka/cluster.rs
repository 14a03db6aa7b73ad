//! Processes on a real Kafka.

use std::sync::Arc;

use async_trait::async_trait;
use platform_bus::{Bus, Config, KafkaBus, Topic, dead_letter_topic};
use testkit::conformance::bus::{Cluster, Process};

/// Topics and groups of one test on the brokers that all share.
pub(crate) struct Kafka {
    pub(crate) config: Config,
    pub(crate) dir: tempfile::TempDir,
}

impl Kafka {
    pub(crate) fn new() -> Self {
        Self::on(testkit::real::kafka())
    }

    pub(crate) fn on(brokers: String) -> Self {
        let prefix = format!("test-{:08x}.", rand::random::<u32>());
        let config = Config {
            brokers: Some(brokers),
            topic_prefix: prefix.clone(),
            group_prefix: prefix,
            // The least that brokers take.
            session_timeout_ms: 6000,
            handover_s: 5,
            ..Config::default()
        };
        let dir = tempfile::tempdir().unwrap();
        Self { config, dir }
    }
}

pub(crate) fn topics() -> Vec<String> {
    let videos = Topic::Videos.name();
    let letters = dead_letter_topic(videos);
    vec!["t".into(), "u".into(), videos.into(), letters]
}

#[async_trait]
impl Cluster for Kafka {
    async fn process(&self) -> Process {
        let config = self.config.clone();
        let folder = self.dir.path().to_owned();
        Process::start(async move |lifecycle| {
            let bus = KafkaBus::open_with(&config, &topics(), &lifecycle).await;
            let bus = bus.unwrap();
            let db = testkit::rows::open(&folder, &lifecycle).await;
            let db = bus.relay(db, &lifecycle).await.unwrap();
            let bus: Arc<dyn Bus> = Arc::new(bus);
            (bus, Some(db))
        })
        .await
    }
}
