//! Opening the database that the configuration names.

use std::path::Path;
use std::sync::Once;

use platform_core::Lifecycle;

use crate::{DatabaseConfig, Db, postgres};

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
    /// The file cannot be made.
    #[error("the file {path} cannot be made: check that its folder is writable")]
    File {
        /// The file.
        path: String,
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
    /// A file that the configuration names cannot be read.
    #[error("the file {path} cannot be read: check {key}")]
    Named {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Too few connections to work with.
    #[error("database.max_connections is {0}: allow at least {least}", least = crate::config::LEAST_CONNECTIONS)]
    Connections(u32),
    /// Nobody answers there.
    #[error(
        "no PostgreSQL answers at {place}: check the host and port in database.url, and that the \
         server runs"
    )]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The server does not let the user in.
    #[error(
        "PostgreSQL at {place} does not let {user} in: check the user in database.url, the \
         password in database.password_file, and the server's pg_hba.conf"
    )]
    Refused {
        /// Host, port and database.
        place: String,
        /// The user.
        user: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The database does not exist.
    #[error("PostgreSQL at {place} has no such database: make it with CREATE DATABASE {database}")]
    NoDatabase {
        /// Host, port and database.
        place: String,
        /// The database.
        database: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// No encrypted connection comes about.
    #[error(
        "no encrypted connection to PostgreSQL at {place}: check sslmode in database.url and the \
         certificates in database.root_certificate_file"
    )]
    Tls {
        /// Host, port and database.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The database is there, but not of use.
    #[error("the database {place} is of no use: {why}")]
    Unsuitable {
        /// Host, port and database.
        place: String,
        /// Why, and what to do.
        why: String,
    },
    /// Another failure of the server.
    #[error("PostgreSQL at {place} cannot be used")]
    Postgres {
        /// Host, port and database.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

/// Name of an SQLite database in the data folder.
pub(crate) const FILE: &str = "marquee.db";

static DRIVERS: Once = Once::new();

pub(crate) fn install_drivers() {
    DRIVERS.call_once(sqlx::any::install_default_drivers);
}

impl Db {
    /// Opens the database that `config` names: PostgreSQL, or SQLite in `folder`. Commits of
    /// other processes are watched for as long as `lifecycle` lasts.
    pub async fn open(
        config: &DatabaseConfig,
        folder: &Path,
        lifecycle: &Lifecycle,
    ) -> Result<Self, OpenError> {
        match &config.url {
            Some(url) => postgres::open(config, url, lifecycle).await,
            None => Self::open_sqlite(&folder.join(FILE), lifecycle).await,
        }
    }
}
