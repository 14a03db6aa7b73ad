//! What people really upload, case by case, asserted on what comes out of the edge.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod checks;
mod rows;

use std::sync::Arc;

use system_tests::Marquee;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use checks::Outcome;
use rows::{ROWS, Row};

async fn checked(row: &'static Row, folder: Arc<TempDir>, marquee: Arc<Marquee>) {
    let outcome = Outcome::of(row, folder.path(), &marquee).await;
    outcome.is_plain();
    for expect in row.2 {
        outcome.check(*expect);
    }
}

#[tokio::test]
async fn everything_people_upload_comes_out_as_it_should() {
    let marquee = Arc::new(Marquee::up().await);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let turns = Arc::new(Semaphore::new(2));
    let mut rows = JoinSet::new();
    for row in ROWS {
        let (marquee, folder) = (Arc::clone(&marquee), Arc::clone(&folder));
        let turns = Arc::clone(&turns);
        rows.spawn(async move {
            let _turn = turns.acquire_owned().await.unwrap();
            let one = tokio::spawn(checked(row, folder, marquee));
            (row.0, one.await)
        });
    }
    let mut wrong = Vec::new();
    while let Some(done) = rows.join_next().await {
        let (name, outcome) = done.unwrap();
        if let Err(failure) = outcome {
            wrong.push(format!("{name}: {failure}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
