//! Opening the database.

use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;

use platform_core::Lifecycle;
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection};
use tokio::sync::watch;
use tracing::warn;

use crate::Db;

/// How often to look whether another process has written. Within a process nobody waits for it.
const OTHER_PROCESSES: Duration = Duration::from_millis(100);

/// A database that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made.
    #[error("the folder {folder} cannot be made: check that its parent exists and is writable")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file cannot be opened as a database.
    #[error("the database {path} cannot be opened")]
    Open {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

static DRIVERS: Once = Once::new();

impl Db {
    /// Opens the SQLite database at `path`, making it and its folder when they do not exist, and
    /// watches for commits of other processes as long as `lifecycle` lasts.
    pub async fn open_sqlite(path: &Path, lifecycle: &Lifecycle) -> Result<Self, OpenError> {
        DRIVERS.call_once(sqlx::any::install_default_drivers);
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
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let writer = pool(1, &url).await.map_err(wrap)?;
        let readers = pool(4, &url).await.map_err(wrap)?;
        let watcher = readers.acquire().await.map_err(wrap)?;
        let changed = watch::Sender::new(0);
        lifecycle.spawn(watch_other_processes(
            watcher,
            changed.clone(),
            lifecycle.clone(),
        ));
        Ok(Self {
            readers,
            writer,
            turn: Arc::default(),
            changed,
        })
    }
}

async fn pool(size: u32, url: &str) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(30))
        .after_connect(|connection, _| Box::pin(configure(connection)))
        .connect(url)
        .await
}

async fn configure(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for pragma in [
        "PRAGMA busy_timeout = 10000",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA journal_size_limit = 67108864",
        "PRAGMA cache_size = -4096",
    ] {
        sqlx::raw_sql(pragma).execute(&mut *connection).await?;
    }
    Ok(())
}

/// `data_version` changes on a connection when another connection, of any process, commits; it
/// reads one page of shared memory.
async fn watch_other_processes(
    mut connection: PoolConnection<Any>,
    changed: watch::Sender<u64>,
    lifecycle: Lifecycle,
) {
    let mut seen = 0_i64;
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            () = tokio::time::sleep(OTHER_PROCESSES) => {}
        }
        let version = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut *connection)
            .await;
        match version {
            Ok(version) if version != seen => {
                seen = version;
                changed.send_modify(|n| *n = n.wrapping_add(1));
            }
            Ok(_) => {}
            Err(error) => warn!(%error, "cannot see whether other processes wrote"),
        }
    }
}
