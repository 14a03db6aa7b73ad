//! Opening an SQLite database.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use platform_core::Lifecycle;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, Connection as _};
use tracing::warn;

use crate::engine::Engine;
use crate::news::News;
use crate::open::install_drivers;
use crate::write::Turns;
use crate::{Db, OpenError, Outbox};

/// How often to look whether another process has written. Within a process nobody waits for it.
const OTHER_PROCESSES: Duration = Duration::from_millis(100);

impl Db {
    /// Opens the SQLite database at `path`, making it and its folder when they do not exist, and
    /// watches for commits of other processes as long as `lifecycle` lasts.
    pub async fn open_sqlite(path: &Path, lifecycle: &Lifecycle) -> Result<Self, OpenError> {
        install_drivers();
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder)
                .await
                .map_err(|source| OpenError::Folder {
                    folder: folder.display().to_string(),
                    source,
                })?;
        }
        let wrap = |source| OpenError::Open {
            path: path.display().to_string(),
            source,
        };
        let url = prepare(path).map_err(|source| OpenError::File {
            path: path.display().to_string(),
            source,
        })?;
        let writer = pool(1, &url, WRITER).await.map_err(wrap)?;
        let readers = pool(4, &url, READER).await.map_err(wrap)?;
        let mut watcher = AnyConnection::connect(&url).await.map_err(wrap)?;
        configure(&mut watcher, READER).await.map_err(wrap)?;
        let absolute = std::path::absolute(path).map_err(|source| OpenError::File {
            path: path.display().to_string(),
            source,
        })?;
        let news = News::new();
        lifecycle.spawn(watch_other_processes(
            watcher,
            readers.clone(),
            news.clone(),
            lifecycle.clone(),
        ));
        Ok(Self {
            outbox: Outbox::default(),
            engine: Engine::Sqlite,
            readers,
            writer,
            // A file has one writer at a time.
            turns: Turns::new(1),
            news,
            file: Some(absolute.into()),
        })
    }
}

/// Makes the file at `path` when there is none, for nobody else to read (SQLite makes the files
/// beside it alike), and returns its address.
fn prepare(path: &Path) -> std::io::Result<String> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    address(path)
}

/// The address of the file at `path`.
pub(crate) fn address(path: &Path) -> std::io::Result<String> {
    // Of a relative address the first part would be a host.
    let absolute = std::path::absolute(path)?;
    let mut url = "sqlite://".to_owned();
    for byte in absolute.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            url.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            write!(url, "%{byte:02X}").unwrap_or_default();
        }
    }
    Ok(url)
}

async fn pool(
    size: u32,
    url: &str,
    pragmas: &'static [&'static str],
) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up.
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(30))
        .after_connect(move |connection, _| Box::pin(configure(connection, pragmas)))
        .connect(url)
        .await
}

/// The timeout comes first: the switch to WAL may have to wait for another process's.
const WRITER: &[&str] = &[
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -4096",
];

/// A write that took this way would not queue and would wake nobody.
const READER: &[&str] = &[
    "PRAGMA busy_timeout = 10000",
    "PRAGMA cache_size = -4096",
    "PRAGMA query_only = ON",
];

async fn configure(
    connection: &mut AnyConnection,
    pragmas: &'static [&'static str],
) -> Result<(), sqlx::Error> {
    for pragma in pragmas {
        sqlx::raw_sql(*pragma).execute(&mut *connection).await?;
    }
    Ok(())
}

/// `data_version` changes on a connection when another connection, of any process, commits; it
/// reads one page of shared memory.
async fn watch_other_processes(
    mut connection: AnyConnection,
    readers: AnyPool,
    news: News,
    lifecycle: Lifecycle,
) {
    let mut seen = None;
    loop {
        tokio::select! {
            // Nobody begins anything on account of others' commits from here on.
            () = lifecycle.draining() => break,
            () = readers.close_event() => break,
            () = tokio::time::sleep(OTHER_PROCESSES) => {}
        }
        let version: Result<i64, _> = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut connection)
            .await;
        match version {
            Ok(version) if seen != Some(version) => {
                seen = Some(version);
                news.wake_all();
            }
            Ok(_) => {}
            Err(error) => warn!(%error, "cannot see whether other processes wrote"),
        }
    }
    if let Err(error) = connection.close().await {
        warn!(%error, "a connection to the database did not close");
    }
}
