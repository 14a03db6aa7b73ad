use sqlx::{Connection, SqliteConnection};

/// Keys are blobs: they compare bytewise, as the protocol lists them, and any UTF-8 is a key.
const TABLES: &str = "
CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE objects (
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key BLOB NOT NULL,
    blob TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified_ms INTEGER NOT NULL,
    sum_algorithm TEXT NOT NULL,
    sum_kind TEXT NOT NULL,
    sum TEXT NOT NULL,
    headers TEXT NOT NULL,
    upload TEXT,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    slots_blob TEXT NOT NULL UNIQUE,
    slot_size INTEGER,
    sum_algorithm TEXT NOT NULL,
    sum_kind TEXT NOT NULL,
    headers TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX uploads_by_key ON uploads (bucket, key, id);

-- A part without a blob of its own lies in its slot of the upload's file.
CREATE TABLE parts (
    upload TEXT NOT NULL REFERENCES uploads (id),
    number INTEGER NOT NULL,
    blob TEXT UNIQUE,
    size INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified_ms INTEGER NOT NULL,
    sums TEXT NOT NULL,
    PRIMARY KEY (upload, number)
) WITHOUT ROWID;

-- Files that nothing refers to any more and that may still be there.
CREATE TABLE garbage (blob TEXT PRIMARY KEY) WITHOUT ROWID;

PRAGMA user_version = 1;
";

pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await?;
    if version > 0 {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
    transaction.commit().await
}
