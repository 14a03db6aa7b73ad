//! Tries, by what they are counted by, in a table of the service that counts them.

use data_encoding::BASE32_NOPAD;
use platform_db::{Db, DbError, Tx, WriteError};
use rand::Rng as _;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use crate::wait::{Attempt, WINDOW_MS, wait_ms};

/// Counts tries. Clones count the same.
///
/// The table has the columns `attempt_id TEXT`, `bucket TEXT`, `at_ms BIGINT` and `failed BIGINT`,
/// the first two being its key, and indexes on `(bucket, at_ms)` and `at_ms`.
#[derive(Debug, Clone)]
pub struct Tries {
    db: Db,
    table: &'static str,
}

/// A try that is counted until it is known to have succeeded.
#[derive(Debug)]
pub struct Try(String);

/// Somebody cannot try now.
#[derive(Debug, thiserror::Error)]
pub enum TryError {
    /// There were too many tries: wait so many seconds.
    #[error("too many tries: wait {0} seconds")]
    Wait(u32),
    /// The database failed.
    #[error("tries cannot be counted")]
    Db(#[from] DbError),
}

impl WriteError for TryError {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Wait(_) => None,
        }
    }
}

impl Tries {
    /// Tries that `table` of `db` counts.
    pub fn new(db: &Db, table: &'static str) -> Self {
        Self {
            db: db.clone(),
            table,
        }
    }

    /// Counts a try in all `buckets`, or says how long to wait. It is counted before its outcome is
    /// known: many at the same moment are no way around.
    pub async fn begin(&self, buckets: &[String], now_ms: i64) -> Result<Try, TryError> {
        self.db
            .write(|mut tx| async move {
                let mut wait = None;
                for bucket in buckets {
                    let recent = self.recent(tx.conn(), bucket, now_ms).await?;
                    wait = wait.max(wait_ms(&recent, now_ms));
                }
                if let Some(ms) = wait {
                    let seconds = u32::try_from(ms.div_euclid(1000) + 1).unwrap_or(u32::MAX);
                    return Err(TryError::Wait(seconds));
                }
                let id = BASE32_NOPAD.encode(&rand::rng().random::<[u8; 16]>());
                self.forget(&mut tx, now_ms).await?;
                for bucket in buckets {
                    self.insert(&mut tx, &id, bucket, now_ms).await?;
                }
                tx.commit().await?;
                Ok(Try(id))
            })
            .await
    }

    /// Notes that it failed.
    pub async fn failed(&self, it: &Try) -> Result<(), DbError> {
        let sql = format!("UPDATE {} SET failed = 1 WHERE attempt_id = $1", self.table);
        self.settle(it, &sql).await
    }

    /// Forgets it: it succeeded.
    pub async fn succeeded(&self, it: &Try) -> Result<(), DbError> {
        let sql = format!("DELETE FROM {} WHERE attempt_id = $1", self.table);
        self.settle(it, &sql).await
    }

    async fn settle(&self, it: &Try, sql: &str) -> Result<(), DbError> {
        self.db
            .write(|mut tx| async move {
                sqlx::query(AssertSqlSafe(sql.to_owned()))
                    .bind(&it.0)
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            })
            .await
    }

    /// Those within the window before `now_ms`, oldest first.
    async fn recent(
        &self,
        conn: &mut AnyConnection,
        bucket: &str,
        now_ms: i64,
    ) -> Result<Vec<Attempt>, DbError> {
        let sql = format!(
            "SELECT at_ms, failed FROM {} WHERE bucket = $1 AND at_ms > $2
             ORDER BY at_ms, attempt_id",
            self.table
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(bucket)
            .bind(now_ms.saturating_sub(WINDOW_MS))
            .fetch_all(conn)
            .await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(Attempt {
                at_ms: row.try_get("at_ms")?,
                failed: row.try_get::<i64, _>("failed")? != 0,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Notes a try whose outcome nobody knows yet.
    async fn insert(
        &self,
        tx: &mut Tx,
        id: &str,
        bucket: &str,
        now_ms: i64,
    ) -> Result<(), DbError> {
        let sql = format!(
            "INSERT INTO {} (attempt_id, bucket, at_ms, failed) VALUES ($1, $2, $3, 0)",
            self.table
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(id)
            .bind(bucket)
            .bind(now_ms)
            .execute(tx.conn())
            .await?;
        Ok(())
    }

    /// Removes what does not count any more at `now_ms`.
    async fn forget(&self, tx: &mut Tx, now_ms: i64) -> Result<(), DbError> {
        let sql = format!("DELETE FROM {} WHERE at_ms < $1", self.table);
        sqlx::query(AssertSqlSafe(sql))
            .bind(now_ms.saturating_sub(WINDOW_MS))
            .execute(tx.conn())
            .await?;
        Ok(())
    }
}
