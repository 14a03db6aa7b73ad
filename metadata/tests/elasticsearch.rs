//! The index in a real Elasticsearch keeps the promises of its seam.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;

use metadata::search::{Config, ElasticIndex, SearchIndex};

/// An index of its own in the Elasticsearch of this run.
fn config() -> Config {
    Config {
        url: Some(testkit::real::elasticsearch().parse().unwrap()),
        index_prefix: format!("t{:016x}", rand::random::<u64>()),
        // Machines of tests are busy with more than one thing.
        timeout_ms: 10_000,
        write_timeout_ms: 30_000,
        ..Config::default()
    }
}

async fn fresh() -> Arc<dyn SearchIndex> {
    let index = ElasticIndex::open(&config()).unwrap().unwrap();
    index.id().await.unwrap();
    Arc::new(index)
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn the_index_in_elasticsearch_conforms() {
    testkit::conformance::search::run(fresh).await;
}
