//! PostgreSQL: contention, news between processes, migrations, outages and mistakes.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use platform_core::Lifecycle;
use platform_db::{DatabaseConfig, Db, DbError, Migration, OpenError};
use testkit::postgres::{PASSWORD, Server};
use testkit::servers::Server as _;
use testkit::stage::eventually;
use tokio::task::JoinSet;
use tokio::time::Instant;

const TABLES: &[Migration] = &[Migration::new(
    1,
    "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
)];

/// As the next version has it.
const NEXT: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
    ),
    Migration::new(
        2,
        "ALTER TABLE t ADD COLUMN note TEXT NOT NULL DEFAULT 'none'",
    ),
];

/// Processes on one database.
struct Place {
    config: DatabaseConfig,
    life: Lifecycle,
}

impl Place {
    async fn new(name: &str) -> Self {
        let url = testkit::rows::schema(name).await;
        Self {
            config: DatabaseConfig {
                url: Some(url),
                ..DatabaseConfig::default()
            },
            life: Lifecycle::new(),
        }
    }

    fn at(server: &Server) -> Self {
        Self {
            config: DatabaseConfig {
                url: Some(server.url().parse().unwrap()),
                password_file: Some(server.password_file()),
                ..DatabaseConfig::default()
            },
            life: Lifecycle::new(),
        }
    }

    async fn process(&self) -> Db {
        let db = self.open().await.unwrap();
        db.migrate("t", TABLES).await.unwrap();
        db
    }

    async fn open(&self) -> Result<Db, OpenError> {
        Db::open(&self.config, "/nowhere".as_ref(), &self.life).await
    }

    /// Why it does not open.
    async fn refusal(&self) -> String {
        let error = self.open().await.unwrap_err();
        let told = format!("{error} / {error:?}");
        assert!(!told.contains(PASSWORD), "{told}");
        error.to_string()
    }
}

async fn insert(db: &Db, id: i64) -> Result<(), DbError> {
    db.write(|mut tx| async move {
        sqlx::query("INSERT INTO t (id, n) VALUES ($1, 0) ON CONFLICT DO NOTHING")
            .bind(id)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    })
    .await
}

/// Reads and writes, so that nothing but the isolation keeps it right.
async fn increment(db: &Db, id: i64) -> Result<(), DbError> {
    db.write(|mut tx| async move {
        let n: i64 = sqlx::query_scalar("SELECT n FROM t WHERE id = $1")
            .bind(id)
            .fetch_one(tx.conn())
            .await?;
        sqlx::query("UPDATE t SET n = $1 WHERE id = $2")
            .bind(n + 1)
            .bind(id)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    })
    .await
}

async fn sum(db: &Db) -> i64 {
    sqlx::query_scalar("SELECT CAST(sum(n) AS BIGINT) FROM t")
        .fetch_one(db.reader())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn rows_conform() {
    let place = Place::new("conform").await;
    testkit::conformance::rows::run(&place.open().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn no_increment_is_lost_and_nobody_hears_of_a_conflict() {
    let place = Place::new("contention").await;
    let processes = [place.process().await, place.process().await];
    insert(&processes[0], 1).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let db = processes[n % 2].clone();
        tasks.spawn(async move {
            for _ in 0..100 {
                increment(&db, 1).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(sum(&processes[0]).await, 800);
}

/// What makes every transaction a rival of every other: each reads all rows, and adds one.
async fn count_and_add(db: &Db, id: i64) -> usize {
    let runs = &AtomicUsize::new(0);
    let added = db.write(|mut tx| async move {
        runs.fetch_add(1, Ordering::Relaxed);
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
            .fetch_one(tx.conn())
            .await?;
        sqlx::query("INSERT INTO t (id, n) VALUES ($1, $2)")
            .bind(id)
            .bind(rows)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    });
    added.await.unwrap();
    runs.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn whoever_loses_twice_wins_whatever_others_do() {
    let place = Place::new("rivals").await;
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(place.process().await);
    }
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let db = processes[n % 4].clone();
        tasks.spawn(async move {
            let mut most = 0;
            for i in 0..20 {
                let id = i64::try_from(n * 1000 + i).unwrap();
                most = most.max(count_and_add(&db, id).await);
            }
            most
        });
    }
    let most = tasks.join_all().await.into_iter().max().unwrap();
    assert!((2..=3).contains(&most), "{most} runs");
    // Each saw all that came before it.
    assert_eq!(sum(&processes[0]).await, (0..320).sum::<i64>());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn whoever_cannot_be_alone_goes_on_beside_who_hangs() {
    let place = Place::new("hanging").await;
    let (mine, other) = (place.process().await, place.process().await);
    let hangs = other.begin().await.unwrap();
    let runs = &AtomicUsize::new(0);
    let begun = Instant::now();
    let written = mine.write(|mut tx| async move {
        // As if it lost two races: the third time it is to be alone.
        if runs.fetch_add(1, Ordering::Relaxed) < 2 {
            return Err(DbError::Interrupted(sqlx::Error::BeginFailed));
        }
        sqlx::query("INSERT INTO t (id, n) VALUES (1, 0)")
            .execute(tx.conn())
            .await?;
        tx.commit().await
    });
    written.await.unwrap();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    // And no connection is of less use than before.
    let mut tasks = JoinSet::new();
    for _ in 0..40 {
        let mine = mine.clone();
        tasks.spawn(async move { increment(&mine, 1).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(sum(&mine).await, 40);
    drop(hangs);
}

/// Meets the other at `gate` between the two, the first time.
async fn increment_both(db: Db, order: [i64; 2], gate: Arc<tokio::sync::Barrier>) {
    let (met, gate) = (&AtomicBool::new(false), &gate);
    let both = db.write(|mut tx| async move {
        for id in order {
            sqlx::query("UPDATE t SET n = n + 1 WHERE id = $1")
                .bind(id)
                .execute(tx.conn())
                .await?;
            if !met.swap(true, Ordering::Relaxed) {
                gate.wait().await;
            }
        }
        tx.commit().await
    });
    both.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn transactions_that_lock_in_opposite_order_both_happen() {
    let place = Place::new("deadlock").await;
    let processes = [place.process().await, place.process().await];
    for id in [1, 2] {
        insert(&processes[0], id).await.unwrap();
    }
    let gate = Arc::new(tokio::sync::Barrier::new(2));
    let mut tasks = JoinSet::new();
    for (db, order) in processes.iter().cloned().zip([[1, 2], [2, 1]]) {
        tasks.spawn(increment_both(db, order, Arc::clone(&gate)));
    }
    tasks.join_all().await;
    assert_eq!(sum(&processes[0]).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn a_commit_wakes_other_processes_at_once() {
    let place = Place::new("news").await;
    let (mine, other) = (place.process().await, place.process().await);
    let mut changes = mine.changes();
    changes.mark_unchanged();
    let begun = Instant::now();
    // Were it not for the notification, each would take up to a second.
    for id in 0..40 {
        insert(&other, id).await.unwrap();
        changes.changed().await.unwrap();
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn commits_wake_those_of_other_processes_whom_they_concern() {
    let place = Place::new("subjects").await;
    let (mine, other) = (place.process().await, place.process().await);
    let (films, tasks) = (mine.about("films"), mine.about("tasks"));
    // Once a second everybody looks, which is not a commit: of many, most concern films only.
    let (mut of_films, mut of_tasks) = (films.changes(), tasks.changes());
    let mut woken = 0;
    for id in 0..40 {
        of_films.mark_unchanged();
        of_tasks.mark_unchanged();
        insert(&other.about("films"), id).await.unwrap();
        of_films.changed().await.unwrap();
        woken += usize::from(of_tasks.has_changed().unwrap());
    }
    assert!(woken < 20, "{woken} of 40");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn a_transaction_in_which_a_statement_failed_does_not_pass_for_committed() {
    let place = Place::new("failed").await;
    let db = place.process().await;
    let mut tx = db.begin().await.unwrap();
    sqlx::query("INSERT INTO t (id, n) VALUES (1, 1)")
        .execute(tx.conn())
        .await
        .unwrap();
    let wrong = sqlx::query("INSERT INTO t (id, n) VALUES (1, 1)");
    assert!(wrong.execute(tx.conn()).await.is_err());
    assert!(tx.commit().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn processes_that_start_together_migrate_once() {
    let place = Arc::new(Place::new("together").await);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let place = Arc::clone(&place);
        tasks.spawn(async move {
            let db = place.open().await.unwrap();
            db.migrate("t", NEXT).await.unwrap();
            db.migrate("u", &[Migration::new(1, "CREATE TABLE u (b BLOB)")])
                .await
                .unwrap();
        });
    }
    tasks.join_all().await;
    let db = place.open().await.unwrap();
    let steps: i64 = sqlx::query_scalar("SELECT count(*) FROM schema_migration")
        .fetch_one(db.reader())
        .await
        .unwrap();
    assert_eq!(steps, 3);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn an_old_version_goes_on_beside_a_new_one() {
    let place = Place::new("versions").await;
    let old = place.process().await;
    let ended = Arc::new(AtomicBool::new(false));
    let work = place.life.spawn({
        let (old, ended) = (old.clone(), Arc::clone(&ended));
        async move {
            let mut id = 0;
            while !ended.load(Ordering::Relaxed) {
                insert(&old, id).await.unwrap();
                increment(&old, id).await.unwrap();
                id += 1;
            }
            id
        }
    });
    eventually("the old version has written", async || {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
            .fetch_one(old.reader())
            .await
            .unwrap();
        rows > 3
    })
    .await;
    let new = place.open().await.unwrap();
    new.migrate("t", NEXT).await.unwrap();
    let before = sum(&new).await;
    eventually("the old version goes on", async || {
        sum(&new).await > before + 3
    })
    .await;
    ended.store(true, Ordering::Relaxed);
    let rows = work.await.unwrap();
    let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM t WHERE note = 'none' AND n = 1")
        .fetch_one(new.reader())
        .await
        .unwrap();
    assert_eq!(noted, rows);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn a_process_that_stops_in_a_transaction_blocks_nobody_for_long() {
    let place = Place::new("hung").await;
    let (hung, other) = (place.process().await, place.process().await);
    insert(&other, 1).await.unwrap();
    let mut stopped = hung.begin().await.unwrap();
    sqlx::query("UPDATE t SET n = 7 WHERE id = 1")
        .execute(stopped.conn())
        .await
        .unwrap();
    increment(&other, 1).await.unwrap();
    assert!(stopped.commit().await.is_err());
    assert_eq!(sum(&other).await, 1);
}

async fn insert_all(db: Db, ids: std::ops::Range<i64>) {
    for id in ids {
        // Only the answer to a commit may be lost: then the caller tries again.
        while let Err(error) = insert(&db, id).await {
            assert!(matches!(error, DbError::Unavailable(_)), "{error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn what_was_under_way_goes_on_after_a_restart_of_the_server() {
    let server = Arc::new(Server::new());
    server.start();
    let place = Place::at(&server);
    let (one, other) = (place.process().await, place.process().await);
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let db = one.clone();
        tasks.spawn(insert_all(db, task * 1000..task * 1000 + 400));
    }
    eventually("writing has begun", async || {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
            .fetch_one(one.reader())
            .await
            .unwrap();
        rows > 40
    })
    .await;
    let restarted = Arc::clone(&server);
    tokio::task::spawn_blocking(move || {
        restarted.kill();
        restarted.start();
    })
    .await
    .unwrap();
    tasks.join_all().await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
        .fetch_one(one.reader())
        .await
        .unwrap();
    assert_eq!(rows, 1600);
    let mut changes = other.changes();
    changes.mark_unchanged();
    insert(&one, -1).await.unwrap();
    changes.changed().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn mistakes_are_told_with_what_to_do_and_without_the_password() {
    let server = Arc::new(Server::new());
    let mut place = Place::at(&server);
    place.config.wait_s = 0;
    let told = place.refusal().await;
    assert!(
        told.contains("no PostgreSQL answers at 127.0.0.1:"),
        "{told}"
    );

    // A server that starts later is waited for.
    place.config.wait_s = 60;
    let starting = Arc::clone(&server);
    let start = tokio::task::spawn_blocking(move || starting.start());
    let db = place.process().await;
    start.await.unwrap();
    assert!(!format!("{db:?}").contains(PASSWORD));
    for sql in [
        "CREATE ROLE guest LOGIN PASSWORD 'guest'",
        "REVOKE CREATE ON SCHEMA public FROM public",
    ] {
        db.write(|mut tx| async move {
            sqlx::raw_sql(sql).execute(tx.conn()).await?;
            tx.commit().await
        })
        .await
        .unwrap();
    }

    let wrong = |change: fn(&mut DatabaseConfig, String)| {
        let mut place = Place::at(&server);
        change(&mut place.config, server.url());
        place
    };
    for (place, sentence) in [
        (
            wrong(|config, _| {
                config.password_file = None;
                config.password = Some(platform_core::Redacted::new("wrong"));
            }),
            "does not let postgres in: check",
        ),
        (
            wrong(|config, _| config.url = config.url.take().map(|url| url.with_database("films"))),
            "no such database: make it with CREATE DATABASE films",
        ),
        (
            wrong(|config, url| config.url = format!("{url}?sslmode=require").parse().ok()),
            "no encrypted connection",
        ),
        (
            wrong(|config, url| {
                config.url = url.replace("postgres@", "guest@").parse().ok();
                config.password_file = None;
                config.password = Some(platform_core::Redacted::new("guest"));
            }),
            "GRANT CREATE ON SCHEMA public TO guest",
        ),
        (
            wrong(|config, _| config.password_file = Some("/nowhere/password".into())),
            "/nowhere/password cannot be read: check database.password_file",
        ),
        (
            wrong(|config, _| config.max_connections = 2),
            "allow at least 3",
        ),
    ] {
        let told = place.refusal().await;
        assert!(told.contains(sentence), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn an_encrypted_connection_checks_whom_it_talks_to() {
    let server = Server::new();
    let roots = server.start_encrypted();
    let mut place = Place::at(&server);
    place.config.url = format!("{}?sslmode=verify-full", server.url()).parse().ok();
    place.config.root_certificate_file = Some(roots);
    let db = place.process().await;
    let encrypted: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()")
            .fetch_one(db.reader())
            .await
            .unwrap();
    assert_eq!(encrypted, 1);

    // Without its certificate nobody vouches for it.
    place.config.root_certificate_file = None;
    place.config.wait_s = 0;
    let told = place.refusal().await;
    assert!(told.contains("no encrypted connection"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real PostgreSQL: script/test --real"]
async fn a_copy_is_of_one_moment_and_goes_only_where_nothing_is() {
    let server = Server::new();
    server.start();
    let place = Place::at(&server);
    let db = place.process().await;
    insert(&db, 1).await.unwrap();
    let second = Server::new();
    second.start();
    let other = Place::at(&second);
    let (folder, nowhere) = (tempfile::tempdir().unwrap(), "/nowhere".as_ref());
    let copy = folder.path().join("copy");
    // What is not committed is not in it, and does not hold it up.
    let mut open = db.begin().await.unwrap();
    sqlx::query("INSERT INTO t (id, n) VALUES (2, 0)")
        .execute(open.conn())
        .await
        .unwrap();
    place.config.copy_rows(nowhere, &copy).await.unwrap();
    open.commit().await.unwrap();
    other.config.put_rows(nowhere, &copy).await.unwrap();
    let again = other.config.put_rows(nowhere, &copy).await;
    assert!(again.unwrap_err().to_string().contains("has rows already"));
    let put = other.process().await;
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t")
        .fetch_all(put.reader())
        .await
        .unwrap();
    assert_eq!(ids, [1]);
    insert(&put, 2).await.unwrap();
}
