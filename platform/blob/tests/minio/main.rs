//! A real store passes the suite that every object store passes, and a bad way to it is no harm.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod by_name;
mod faults;

use std::sync::Arc;

use platform_blob::{S3Blobs, S3Config};
use platform_core::Redacted;
use testkit::conformance::blob;
use testkit::real;

/// What MinIO does otherwise, and why that is no harm.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "an_object_may_have_others_below_it",
        "keys are paths there, and no key of ours lies below another object's",
    ),
    (
        "open_uploads_are_listed_by_prefix",
        "it lists those of a whole key only, and services ask about nothing else",
    ),
];

/// The store, with a bucket of the test's own.
fn config() -> S3Config {
    let (endpoint, key, secret) = real::s3();
    S3Config {
        bucket: format!("conformance-{:08x}", rand::random::<u32>()),
        ..S3Config::new(endpoint.parse().unwrap(), key, Redacted::new(secret))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real MinIO: script/test --real"]
async fn minio_is_an_object_store() {
    let config = config();
    let blobs = Arc::new(S3Blobs::new(&config));
    blob::run(&blob::Target::new(blobs, config), EXCEPTIONS).await;
}
