//! Opening a PostgreSQL database: waiting for its server, making sure that it is of use, telling
//! what is wrong with it.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use platform_core::{Lifecycle, Redacted};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Row as _};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};
use url::Url;

use crate::changes::{self, Link};
use crate::config::LEAST_CONNECTIONS;
use crate::engine::Engine;
use crate::news::News;
use crate::open::install_drivers;
use crate::write::Turns;
use crate::{DatabaseConfig, Db, OpenError, Outbox, PostgresUrl};

/// How long one attempt to connect may take at start.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// How often to tell that the server is still waited for.
const TELL: Duration = Duration::from_secs(5);

/// How long a statement waits for a connection, also while the server restarts.
const ACQUIRE: Duration = Duration::from_secs(30);

/// Most transactions of a process that write at a time: more would only lose races.
const WRITERS: u32 = 4;

/// A client that stops in the middle of a transaction holds its locks no longer than this.
const WRITER: &[&str] = &[
    "SET statement_timeout = '30s'",
    "SET lock_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '10s'",
];

/// A write that took this way would not be serialisable and would wake nobody.
const READER: &[&str] = &[
    "SET statement_timeout = '30s'",
    "SET idle_in_transaction_session_timeout = '10s'",
    "SET default_transaction_read_only = on",
];

pub(crate) async fn open(
    config: &DatabaseConfig,
    url: &PostgresUrl,
    lifecycle: &Lifecycle,
) -> Result<Db, OpenError> {
    install_drivers();
    let most = config.max_connections;
    if most < LEAST_CONNECTIONS {
        return Err(OpenError::Connections(most));
    }
    let wrap = |source| refusal(url, source);
    let complete = complete(config, url).await?;
    let options = AnyConnectOptions::from_url(&complete).map_err(wrap)?;
    let mut connection = connect(config, url).await?;
    let made = sqlx::raw_sql(Engine::WRITER_TURN).execute(&mut connection);
    made.await.map_err(wrap)?;
    connection.close().await.map_err(wrap)?;

    // One connection is the listener's.
    let writers = WRITERS.min((most - 1) / 2);
    let readers = pool(most - 1 - writers, true, &options, READER);
    let news = News::new();
    let link = Link {
        options: PgConnectOptions::from_url(&complete).map_err(wrap)?,
        readers: readers.clone(),
        news: news.clone(),
    };
    changes::follow(link, lifecycle);
    Ok(Db {
        outbox: Outbox::default(),
        engine: Engine::Postgres,
        readers,
        // A write that finds its connection gone is run again.
        writer: pool(writers, false, &options, WRITER),
        turns: Turns::new(u16::try_from(writers).unwrap_or(1)),
        news,
        file: None,
    })
}

/// With all that a connection is made from.
async fn complete(config: &DatabaseConfig, url: &PostgresUrl) -> Result<Url, OpenError> {
    let roots = config.root_certificate_file.as_deref();
    if let Some(path) = roots {
        read("database.root_certificate_file", path).await?;
    }
    Ok(url.complete(password(config).await?.as_ref(), roots))
}

/// One connection to a database that can be worked with.
pub(crate) async fn connect(
    config: &DatabaseConfig,
    url: &PostgresUrl,
) -> Result<AnyConnection, OpenError> {
    install_drivers();
    let complete = complete(config, url).await?;
    let options = AnyConnectOptions::from_url(&complete).map_err(|source| refusal(url, source))?;
    let mut connection = reach(url, &options, Duration::from_secs(config.wait_s)).await?;
    examine(url, &mut connection).await?;
    Ok(connection)
}

pub(crate) async fn password(config: &DatabaseConfig) -> Result<Option<Redacted>, OpenError> {
    match &config.password_file {
        Some(path) => {
            let text = read("database.password_file", path).await?;
            // Editors end a file with a line break.
            Ok(Some(Redacted::new(text.trim_end_matches(['\r', '\n']))))
        }
        None => Ok(config.password.clone()),
    }
}

async fn read(key: &'static str, path: &Path) -> Result<String, OpenError> {
    tokio::fs::read_to_string(path)
        .await
        .map_err(|source| OpenError::Named {
            key,
            path: path.display().to_string(),
            source,
        })
}

/// Asks a connection before each use whether it is still there, if `tested`.
fn pool(
    size: u32,
    tested: bool,
    options: &AnyConnectOptions,
    settings: &'static [&'static str],
) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(size)
        .test_before_acquire(tested)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_mins(5))
        .after_connect(move |connection, _| Box::pin(configure(connection, settings)))
        .connect_lazy_with(options.clone())
}

async fn configure(
    connection: &mut AnyConnection,
    settings: &'static [&'static str],
) -> Result<(), sqlx::Error> {
    for setting in settings {
        sqlx::raw_sql(*setting).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The first connection. A server that does not answer, or is still starting, is waited for.
async fn reach(
    url: &PostgresUrl,
    options: &AnyConnectOptions,
    patience: Duration,
) -> Result<AnyConnection, OpenError> {
    let start = Instant::now();
    let mut told = None;
    loop {
        let attempt = timeout(ATTEMPT, AnyConnection::connect_with(options)).await;
        let error = match attempt {
            Ok(Ok(connection)) => {
                if told.is_some() {
                    info!(place = %url, "PostgreSQL answers");
                }
                return Ok(connection);
            }
            Ok(Err(error)) => error,
            Err(_elapsed) => sqlx::Error::Io(ErrorKind::TimedOut.into()),
        };
        if !may_pass(&error) || start.elapsed() >= patience {
            return Err(refusal(url, error));
        }
        if told.is_none_or(|last: Instant| last.elapsed() >= TELL) {
            told = Some(Instant::now());
            warn!(place = %url, %error, "waiting for PostgreSQL");
        }
        sleep(PAUSE).await;
    }
}

/// Whether a server that refuses like this may only be starting.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(reason) => reason.kind() != ErrorKind::InvalidData,
        sqlx::Error::Database(reason) => {
            // Starting or shutting down, and all connections taken.
            matches!(
                reason.code().as_deref(),
                Some("57P03" | "57P01" | "57P02" | "53300")
            )
        }
        _ => false,
    }
}

/// What an operator is told.
fn refusal(url: &PostgresUrl, source: sqlx::Error) -> OpenError {
    let place = url.to_string();
    let code = source
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(std::borrow::Cow::into_owned);
    match (&source, code.as_deref()) {
        (_, Some("28P01" | "28000")) => OpenError::Refused {
            place,
            user: url.user().to_owned(),
            source,
        },
        (_, Some("3D000")) => OpenError::NoDatabase {
            place,
            database: url.database().to_owned(),
            source,
        },
        (_, Some("42501")) => OpenError::Unsuitable {
            why: format!(
                "{user} may not connect to it: GRANT CONNECT ON DATABASE {database} TO {user}",
                user = url.user(),
                database = url.database()
            ),
            place,
        },
        (sqlx::Error::Tls(_), _) => OpenError::Tls { place, source },
        (sqlx::Error::Io(reason), _) if reason.kind() == ErrorKind::InvalidData => {
            OpenError::Tls { place, source }
        }
        (sqlx::Error::Io(_), _) => OpenError::Unreachable { place, source },
        _ => OpenError::Postgres { place, source },
    }
}

/// Makes sure that the database can be worked with.
async fn examine(url: &PostgresUrl, connection: &mut AnyConnection) -> Result<(), OpenError> {
    let row = sqlx::query(
        "SELECT CAST(current_setting('server_version_num') AS BIGINT),
            current_setting('server_encoding'),
            CAST(pg_is_in_recovery() AS INTEGER),
            coalesce(CAST(current_schema() AS TEXT), ''),
            CAST(coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS INTEGER)",
    )
    .fetch_one(connection)
    .await
    .map_err(|source| refusal(url, source))?;
    let read = |source| refusal(url, source);
    let version: i64 = row.try_get(0).map_err(read)?;
    let encoding: String = row.try_get(1).map_err(read)?;
    let replica: i32 = row.try_get(2).map_err(read)?;
    let schema: String = row.try_get(3).map_err(read)?;
    let creates: i32 = row.try_get(4).map_err(read)?;
    let user = url.user();
    let why = if version < 130_000 {
        "it runs on a PostgreSQL older than 13".to_owned()
    } else if encoding != "UTF8" {
        format!("its encoding is {encoding}: make it with ENCODING 'UTF8'")
    } else if replica != 0 {
        "it is a replica that cannot be written: name the primary in database.url".to_owned()
    } else if schema.is_empty() {
        format!("{user} has no schema in it: CREATE SCHEMA AUTHORIZATION {user}")
    } else if creates == 0 {
        format!("{user} may not make tables in it: GRANT CREATE ON SCHEMA {schema} TO {user}")
    } else {
        return Ok(());
    };
    Err(OpenError::Unsuitable {
        place: url.to_string(),
        why,
    })
}
