//! What services need of SQL, whatever is behind it.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use platform_db::{Db, DbError, Migration};
use sqlx::Row as _;
use tokio::task::JoinSet;

const TABLES: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE rows_item (
            id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL,
            note TEXT, amount BIGINT, bytes BLOB, part DOUBLE PRECISION);
         CREATE TABLE rows_child (
            id TEXT PRIMARY KEY NOT NULL,
            item TEXT NOT NULL REFERENCES rows_item (id) ON DELETE CASCADE)",
    ),
    Migration::new(
        2,
        "ALTER TABLE rows_item ADD COLUMN added BIGINT NOT NULL DEFAULT 7",
    ),
];

/// Runs every case on an empty database and panics at the first that fails.
pub async fn run(db: &Db) {
    migrations_run_once(db).await;
    a_state_moves_once_by_compare_and_set(db).await;
    an_upsert_inserts_then_updates(db).await;
    what_was_stored_comes_back_as_it_was(db).await;
    nothing_is_null_and_not_zero(db).await;
    a_dropped_transaction_changes_nothing(db).await;
    readers_see_what_is_committed_only(db).await;
    concurrent_increments_all_count(db).await;
    refused_rows_are_conflicts(db).await;
    a_wrong_statement_is_broken_and_the_next_one_works(db).await;
}

async fn insert(db: &Db, id: &str) -> Result<(), DbError> {
    db.write(|mut tx| async move {
        sqlx::query("INSERT INTO rows_item (id, state, version) VALUES ($1, 'new', 0)")
            .bind(id)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    })
    .await
}

async fn version(db: &Db, id: &str) -> Option<i64> {
    sqlx::query_scalar("SELECT version FROM rows_item WHERE id = $1")
        .bind(id)
        .fetch_optional(db.reader())
        .await
        .unwrap()
}

async fn migrations_run_once(db: &Db) {
    let (one, other) = tokio::join!(db.migrate("rows", TABLES), db.migrate("rows", TABLES));
    one.unwrap();
    other.unwrap();
    insert(db, "migrated").await.unwrap();
    let added: i64 = sqlx::query_scalar("SELECT added FROM rows_item WHERE id = $1")
        .bind("migrated")
        .fetch_one(db.reader())
        .await
        .unwrap();
    assert_eq!(added, 7);
}

async fn a_state_moves_once_by_compare_and_set(db: &Db) {
    insert(db, "cas").await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let db = db.clone();
        tasks.spawn(async move {
            db.write(|mut tx| async move {
                let moved = sqlx::query(
                    "UPDATE rows_item SET state = 'done', version = version + 1
                     WHERE id = $1 AND state = $2",
                )
                .bind("cas")
                .bind("new")
                .execute(tx.conn())
                .await?
                .rows_affected();
                tx.commit().await?;
                Ok::<_, DbError>(moved)
            })
            .await
            .unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u64>(), 1);
    assert_eq!(version(db, "cas").await, Some(1));
}

async fn an_upsert_inserts_then_updates(db: &Db) {
    for expected in [1, 2, 3] {
        let mut tx = db.begin().await.unwrap();
        let row = sqlx::query(
            "INSERT INTO rows_item (id, state, version) VALUES ($1, $2, 1)
             ON CONFLICT (id) DO UPDATE SET version = rows_item.version + excluded.version
             RETURNING id, version",
        )
        .bind("upsert")
        .bind("new")
        .fetch_one(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(row.get::<String, _>("id"), "upsert");
        assert_eq!(row.get::<i64, _>("version"), expected);
    }
    let mut tx = db.begin().await.unwrap();
    let ignored = sqlx::query(
        "INSERT INTO rows_item (id, state, version) VALUES ($1, 'x', 0) ON CONFLICT DO NOTHING",
    )
    .bind("upsert")
    .execute(tx.conn())
    .await
    .unwrap();
    assert_eq!(ignored.rows_affected(), 0);
}

async fn what_was_stored_comes_back_as_it_was(db: &Db) {
    let texts = [
        "",
        "plain",
        "Ünïcödé 🎬 \u{202e}שלום",
        "'; DROP TABLE rows_item; --",
        "a\nb\tc",
    ];
    let numbers = [i64::MIN, -1, 0, 1 << 40, i64::MAX];
    let parts: [f64; 5] = [0.0, -1.5, 1.0 / 3.0, 1e300, f64::MIN_POSITIVE];
    for (n, ((text, number), part)) in texts.iter().zip(numbers).zip(parts).enumerate() {
        let id = format!("stored-{n}");
        let blob: Vec<u8> = (0..=255).cycle().take(n * 1000).collect();
        let mut tx = db.begin().await.unwrap();
        sqlx::query(
            "INSERT INTO rows_item (id, state, version, note, amount, bytes, part)
             VALUES ($1, 'x', 0, $2, $3, $4, $5)",
        )
        .bind(&id)
        .bind(*text)
        .bind(number)
        .bind(blob.clone())
        .bind(part)
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let row = sqlx::query("SELECT note, amount, bytes, part FROM rows_item WHERE id = $1")
            .bind(&id)
            .fetch_one(db.reader())
            .await
            .unwrap();
        assert_eq!(row.get::<String, _>("note"), *text);
        assert_eq!(row.get::<i64, _>("amount"), number);
        assert_eq!(row.get::<Vec<u8>, _>("bytes"), blob);
        assert_eq!(row.get::<f64, _>("part").to_bits(), part.to_bits());
    }
}

async fn nothing_is_null_and_not_zero(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO rows_item (id, state, version, note, amount, bytes, part)
         VALUES ('null', 'x', 0, $1, $2, $3, $4)",
    )
    .bind(None::<String>)
    .bind(None::<i64>)
    .bind(None::<Vec<u8>>)
    .bind(None::<f64>)
    .execute(tx.conn())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let row = sqlx::query(
        "SELECT note, amount, bytes, part FROM rows_item
         WHERE id = 'null' AND note IS NULL AND amount IS NULL AND bytes IS NULL AND part IS NULL",
    )
    .fetch_one(db.reader())
    .await
    .unwrap();
    assert_eq!(row.get::<Option<String>, _>("note"), None);
    assert_eq!(row.get::<Option<i64>, _>("amount"), None);
    assert_eq!(row.get::<Option<Vec<u8>>, _>("bytes"), None);
    assert_eq!(row.get::<Option<f64>, _>("part"), None);
    let sum: Option<i64> =
        sqlx::query_scalar("SELECT CAST(sum(amount) AS BIGINT) FROM rows_item WHERE id = 'null'")
            .fetch_one(db.reader())
            .await
            .unwrap();
    assert_eq!(sum, None);
}

async fn a_dropped_transaction_changes_nothing(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    sqlx::query("INSERT INTO rows_item (id, state, version) VALUES ('dropped', 'x', 0)")
        .execute(tx.conn())
        .await
        .unwrap();
    drop(tx);
    // The next transaction does not find itself within the dropped one.
    insert(db, "after").await.unwrap();
    assert_eq!(version(db, "dropped").await, None);
    assert_eq!(version(db, "after").await, Some(0));
}

async fn readers_see_what_is_committed_only(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    sqlx::query("INSERT INTO rows_item (id, state, version) VALUES ('seen', 'x', 5)")
        .execute(tx.conn())
        .await
        .unwrap();
    assert_eq!(version(db, "seen").await, None);
    let own: i64 = sqlx::query_scalar("SELECT version FROM rows_item WHERE id = 'seen'")
        .fetch_one(tx.conn())
        .await
        .unwrap();
    assert_eq!(own, 5);
    tx.commit().await.unwrap();
    assert_eq!(version(db, "seen").await, Some(5));
}

async fn concurrent_increments_all_count(db: &Db) {
    insert(db, "count").await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let db = db.clone();
        tasks.spawn(async move {
            for _ in 0..10 {
                db.write(|mut tx| async move {
                    let read: i64 =
                        sqlx::query_scalar("SELECT version FROM rows_item WHERE id = 'count'")
                            .fetch_one(tx.conn())
                            .await?;
                    sqlx::query("UPDATE rows_item SET version = $1 WHERE id = 'count'")
                        .bind(read + 1)
                        .execute(tx.conn())
                        .await?;
                    tx.commit().await
                })
                .await
                .unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(version(db, "count").await, Some(100));
}

async fn refused_rows_are_conflicts(db: &Db) {
    insert(db, "once").await.unwrap();
    let twice = insert(db, "once").await;
    assert!(matches!(twice, Err(DbError::Conflict(_))), "{twice:?}");

    let mut tx = db.begin().await.unwrap();
    let orphan = sqlx::query("INSERT INTO rows_child (id, item) VALUES ('c', 'nobody')")
        .execute(tx.conn())
        .await
        .map_err(DbError::from);
    assert!(matches!(orphan, Err(DbError::Conflict(_))), "{orphan:?}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    for sql in [
        "INSERT INTO rows_child (id, item) VALUES ('c', 'once')",
        "DELETE FROM rows_item WHERE id = 'once'",
    ] {
        sqlx::query(sql).execute(tx.conn()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let children: i64 = sqlx::query_scalar("SELECT count(*) FROM rows_child")
        .fetch_one(db.reader())
        .await
        .unwrap();
    assert_eq!(children, 0);
}

async fn a_wrong_statement_is_broken_and_the_next_one_works(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let wrong = sqlx::query("INSERT INTO no_such_table VALUES (1)")
        .execute(tx.conn())
        .await
        .map_err(DbError::from);
    assert!(matches!(wrong, Err(DbError::Broken(_))), "{wrong:?}");
    drop(tx);
    insert(db, "works").await.unwrap();
    let missing = insert_without_state(db).await;
    assert!(matches!(
        missing,
        Err(DbError::Conflict(_) | DbError::Broken(_))
    ));
}

async fn insert_without_state(db: &Db) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sqlx::query("INSERT INTO rows_item (id, state, version) VALUES ('x', $1, 0)")
        .bind(None::<String>)
        .execute(tx.conn())
        .await?;
    tx.commit().await
}
