//! The bucket as a part of the host name: a store of the test's own, which is told its names.

use platform_blob::S3Config;
use testkit::conformance::blob;
use testkit::ports;
use testkit::servers::{Scripted, Server as _};

use super::{EXCEPTIONS, config};

/// What the store is called; the second is the public address of the suite.
const NAMES: &str = "objects.example,videos.example";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn a_bucket_may_be_a_part_of_the_host_name() {
    let [port] = ports::lasting();
    let store = Scripted::new("minio", port, vec![("MINIO_DOMAIN", NAMES.to_owned())]);
    store.start();
    let endpoint = format!("http://objects.example:{port}");
    let config = S3Config {
        endpoint: endpoint.parse().unwrap(),
        access_key: "minioadmin".to_owned(),
        secret_key: platform_core::Redacted::new("minioadmin"),
        path_style: false,
        ..config()
    };
    let target = blob::Target::by_name(config, ([127, 0, 0, 1], port).into());
    blob::run(&target, EXCEPTIONS).await;
}
