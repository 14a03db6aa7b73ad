//! The index: which objects, uploads and parts exist, and which file holds each.
//!
//! It is `SQLite` with one writer, which commits whatever waits for it together, and a few
//! readers. An object exists from the commit on, and no earlier.

mod change;
mod read;
mod rows;
mod schema;
mod writer;

use std::path::Path;

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(crate) use self::{
    change::{
        Applied, Change, Complete, Condition, CreateUpload, Delete, PartPlace, PutObject, PutPart,
    },
    read::{Entry, Start},
    rows::{Headers, ObjectRow, PartRow, UploadRow},
    writer::{Writer, WriterHandle},
};

const FILE: &str = "index.db";

/// Reads the index.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    pool: SqlitePool,
}

impl Index {
    /// Opens the index, makes it when missing, and says how the writer connects.
    pub(crate) async fn open(root: &Path) -> Result<(Self, SqliteConnectOptions), sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(root.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let mut first = SqliteConnection::connect_with(&options).await?;
        schema::prepare(&mut first).await?;
        first.close().await?;
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone())
            .await?;
        Ok((Self { pool }, options))
    }

    /// An index that another process owns; nothing is opened before it is needed.
    pub(crate) fn foreign(root: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(root.join(FILE))
            .read_only(true);
        Self {
            pool: SqlitePoolOptions::new()
                .max_connections(2)
                .connect_lazy_with(options),
        }
    }
}
