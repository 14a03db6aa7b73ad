//! The embedded store passes the suite that every object store passes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use testkit::conformance::blob;

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_is_an_object_store() {
    let dir = tempfile::tempdir().unwrap();
    let server = common::Server::start(dir.path()).await;
    blob::run(&blob::Target::new(server.blobs(), server.s3_config()), &[]).await;
    server.stop().await;
}
