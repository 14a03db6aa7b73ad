//! Rows for tests: SQLite in the test's folder or, when `MARQUEE_TEST_ROWS` is `postgres`, a
//! schema of its own on `MARQUEE_TEST_POSTGRES`, so that every suite runs on both.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use platform_core::Lifecycle;
use platform_db::{DatabaseConfig, Db, PostgresUrl};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;

use crate::real;

/// Opens the rows of the test that has `folder`: the same ones whenever it asks.
pub async fn open(folder: &Path, lifecycle: &Lifecycle) -> Db {
    let config = config(folder).await;
    Db::open(&config, folder, lifecycle).await.unwrap()
}

/// The configuration that leads to the rows of the test that has `folder`.
pub async fn config(folder: &Path) -> DatabaseConfig {
    let url = if real::rows_are_postgres() {
        let mut hasher = DefaultHasher::new();
        folder.hash(&mut hasher);
        Some(schema(&format!("t{:016x}", hasher.finish())).await)
    } else {
        None
    };
    DatabaseConfig {
        url,
        ..DatabaseConfig::default()
    }
}

/// A schema of this process on the real PostgreSQL, made if it does not exist.
pub async fn schema(name: &str) -> PostgresUrl {
    let database = database().await;
    let mut connection = connect(database).await;
    run(
        &mut connection,
        &format!("CREATE SCHEMA IF NOT EXISTS {name}"),
    )
    .await;
    connection.close().await.unwrap();
    format!("{database}?options[search_path]={name}")
        .parse()
        .unwrap()
}

/// Address of the database of this process. Those of processes that have ended are dropped.
async fn database() -> &'static str {
    static DATABASE: OnceCell<String> = OnceCell::const_new();
    DATABASE
        .get_or_init(|| async {
            let server = real::postgres();
            let own = format!("marquee_test_{}", std::process::id());
            let mut connection = connect(&server).await;
            let names: Vec<String> = sqlx::query_scalar(
                "SELECT CAST(datname AS TEXT) FROM pg_database WHERE datname LIKE 'marquee_test_%'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            for name in names.iter().filter(|name| **name == own || is_over(name)) {
                // Somebody else may clean up at the same moment.
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                drop(
                    sqlx::raw_sql(AssertSqlSafe(sql))
                        .execute(&mut connection)
                        .await,
                );
            }
            let create = format!("CREATE DATABASE {own} TEMPLATE template0 ENCODING 'UTF8'");
            run(&mut connection, &create).await;
            connection.close().await.unwrap();
            let server: PostgresUrl = server.parse().unwrap();
            String::from(server.with_database(&own))
        })
        .await
}

fn is_over(database: &str) -> bool {
    let process = database.trim_start_matches("marquee_test_");
    process.parse::<u32>().is_ok() && !Path::new("/proc").join(process).is_dir()
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await
        .unwrap();
}
