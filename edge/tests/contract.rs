//! The embedded edge keeps the contract of edges.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::HashMap;
use std::sync::Arc;

use edge::{Config, Deps};
use platform_core::{Lifecycle, Redacted};
use platform_http::{Client, Discovery};
use testkit::conformance::edge::{self as contract, OriginStub, Subject};
use url::Url;

const SEED_KEY: &str = "the key of the tests";

struct Running {
    subject: Subject,
    folder: Arc<tempfile::TempDir>,
}

async fn start_on(folder: Arc<tempfile::TempDir>, config: Config) -> Running {
    let lifecycle = Lifecycle::new();
    let discovery = Discovery::new(HashMap::new(), None);
    let origin = OriginStub::start(&lifecycle, &discovery);
    let deps = Deps {
        client: Client::new(discovery).unwrap(),
        lifecycle: lifecycle.clone(),
        folder: folder.path().join("edge"),
        seed_key: Redacted::new(SEED_KEY),
    };
    let running = edge::build(config, deps).await.unwrap();
    let subject = Subject {
        base: Url::parse(&format!("http://{}", running.addr)).unwrap(),
        seed_key: SEED_KEY.to_owned(),
        origin,
        checks_digests: true,
    };
    Running {
        subject,
        lifecycle,
        folder,
    }
}

async fn start() -> Running {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    start_on(folder, Config::default()).await
}

macro_rules! contract {
    ($($story:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $story() {
            let running = start().await;
            contract::$story(&running.subject).await;
        }
    )+};
}

contract!(
    every_kind_has_its_headers,
    a_range_is_answered,
    a_head_tells_what_a_get_would,
    a_conditional_request_is_answered,
    a_preflight_is_answered,
    no_path_leads_elsewhere,
    seeding_takes_the_credential,
    what_is_put_again_is_replaced,
    a_body_that_is_not_what_was_sent_is_refused,
    deletion_removes_what_it_names,
    a_hundred_who_miss_cause_one_pull,
    a_waiter_who_leaves_stops_nothing,
    a_refusal_is_passed_on_and_forgotten,
    a_manifest_is_renewed,
    a_manifest_outlives_its_origin,
    a_large_object_streams,
);
