//! Everything is lost but a backup: put back into another database, bucket, index and other topics.

use system_tests::stack::Engines;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: script/test --real"]
async fn what_was_acknowledged_before_a_backup_plays_after_it() {
    crate::backup::tell(|data| Engines::named().variables(data)).await;
}
