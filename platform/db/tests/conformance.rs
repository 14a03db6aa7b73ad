//! The SQLite database keeps the promises of the seam.

use platform_core::Lifecycle;
use platform_db::Db;
use testkit::conformance::rows;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(&dir.path().join("rows.db"), &Lifecycle::new())
        .await
        .unwrap();
    rows::run(&db).await;
}
