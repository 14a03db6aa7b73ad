//! The SQLite database: what a commit promises.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::time::Duration;

use platform_core::Lifecycle;
use platform_db::{CopyError, DatabaseConfig, Db, DbError, Migration};

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE t (id BIGINT PRIMARY KEY); CREATE TABLE u (x TEXT)",
    ),
    Migration::new(2, "ALTER TABLE t ADD COLUMN note TEXT"),
];

async fn open(dir: &tempfile::TempDir, life: &Lifecycle) -> Db {
    let db = Db::open_sqlite(&dir.path().join("sub/test.db"), life)
        .await
        .unwrap();
    db.migrate("test", MIGRATIONS).await.unwrap();
    db
}

async fn insert(db: &Db, id: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sqlx::query("INSERT INTO t (id, note) VALUES ($1, $2)")
        .bind(id)
        .bind("x")
        .execute(tx.conn())
        .await?;
    tx.commit().await
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again_and_migrations_run_once() {
    let dir = tempfile::tempdir().unwrap();
    let life = Lifecycle::new();
    let db = open(&dir, &life).await;
    insert(&db, 1).await.unwrap();
    drop(db.begin().await.unwrap());
    db.close().await;

    let again = open(&dir, &life).await;
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t")
        .fetch_all(again.reader())
        .await
        .unwrap();
    assert_eq!(ids, [1]);
    assert!(matches!(insert(&again, 1).await, Err(DbError::Conflict(_))));
}

#[tokio::test]
async fn writers_take_turns_and_readers_do_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let life = Lifecycle::new();
    let db = open(&dir, &life).await;
    let open_tx = db.begin().await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
        .fetch_one(db.reader())
        .await
        .unwrap();
    assert_eq!(count, 0);
    let second = insert(&db, 2);
    tokio::pin!(second);
    assert!(futures_poll_pending(&mut second).await);
    open_tx.commit().await.unwrap();
    second.await.unwrap();
}

async fn futures_poll_pending<F: Future + Unpin>(future: &mut F) -> bool {
    tokio::time::timeout(Duration::from_millis(20), future)
        .await
        .is_err()
}

#[tokio::test]
async fn a_commit_of_another_process_wakes_whoever_waits() {
    let dir = tempfile::tempdir().unwrap();
    let life = Lifecycle::new();
    let (mine, other) = (open(&dir, &life).await, open(&dir, &life).await);
    let mut changes = mine.changes();
    changes.mark_unchanged();
    insert(&other, 7).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), changes.changed())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn nobody_else_can_read_the_files_whatever_their_folder_is_called() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a b%20c?d#e/ö");
    let life = Lifecycle::new();
    let db = Db::open_sqlite(&folder.join("test.db"), &life)
        .await
        .unwrap();
    db.migrate("test", MIGRATIONS).await.unwrap();
    insert(&db, 1).await.unwrap();
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        let mode = std::fs::metadata(folder.join(name)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn readers_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let life = Lifecycle::new();
    let db = open(&dir, &life).await;
    let refused = sqlx::query("INSERT INTO t (id) VALUES (1)")
        .execute(db.reader())
        .await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn closing_does_not_wait_for_the_end_of_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let life = Lifecycle::new();
    let db = open(&dir, &life).await;
    tokio::time::timeout(Duration::from_secs(10), db.close())
        .await
        .unwrap();
    assert!(matches!(db.begin().await, Err(DbError::Unavailable(_))));
}

#[tokio::test]
async fn draining_ends_the_watch() {
    let dir = tempfile::tempdir().unwrap();
    let life = Lifecycle::new();
    let db = open(&dir, &life).await;
    let grace = Duration::from_hours(1);
    tokio::time::timeout(
        Duration::from_secs(10),
        life.finish(grace, std::future::pending()),
    )
    .await
    .unwrap();
    insert(&db, 3).await.unwrap();
}

#[tokio::test]
async fn a_copy_is_of_one_moment_and_goes_only_where_nothing_is() {
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let life = Lifecycle::new();
    let config = DatabaseConfig::default();
    let copy = from.path().join("copy");
    let none = config.copy_rows(from.path(), &copy).await;
    assert!(matches!(none, Err(CopyError::Missing(_))), "{none:?}");
    let db = Db::open(&config, from.path(), &life).await.unwrap();
    db.migrate("test", MIGRATIONS).await.unwrap();
    insert(&db, 1).await.unwrap();
    // What is not committed is not in it, and does not hold it up.
    let mut open = db.begin().await.unwrap();
    sqlx::query("INSERT INTO t (id) VALUES (2)")
        .execute(open.conn())
        .await
        .unwrap();
    config.copy_rows(from.path(), &copy).await.unwrap();
    open.commit().await.unwrap();
    config.put_rows(to.path(), &copy).await.unwrap();
    let again = config.put_rows(to.path(), &copy).await;
    assert!(matches!(again, Err(CopyError::Taken(_))), "{again:?}");
    let put = Db::open(&config, to.path(), &life).await.unwrap();
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t")
        .fetch_all(put.reader())
        .await
        .unwrap();
    assert_eq!(ids, [1]);
    insert(&put, 2).await.unwrap();
}
