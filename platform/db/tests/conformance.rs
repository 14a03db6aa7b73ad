//! The databases keep the promises of the seam: SQLite, or PostgreSQL by `MARQUEE_TEST_ROWS`.

use platform_core::Lifecycle;
use testkit::conformance::rows;

#[tokio::test(flavor = "multi_thread")]
async fn rows_conform() {
    let dir = tempfile::tempdir().unwrap();
    let db = testkit::rows::open(dir.path(), &Lifecycle::new()).await;
    rows::run(&db).await;
}
