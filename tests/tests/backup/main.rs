//! Everything is lost but a backup.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod mistakes;
mod story;

#[tokio::test]
async fn what_was_acknowledged_before_a_backup_plays_after_it() {
    story::tell(|_folder| Vec::new()).await;
}
