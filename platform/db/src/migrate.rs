//! Migrations: each service brings its own, in order, by name.

use std::borrow::Cow;

use crate::{Db, DbError};

/// One step of one service's schema. Steps only expand (new tables, new columns with defaults);
/// what is no longer used is dropped a release later, so that two versions run side by side.
#[derive(Debug, Clone)]
pub struct Migration {
    /// Position in the service's list, from 1, without gaps.
    pub version: i64,
    /// Statements, separated by semicolons. On PostgreSQL `BLOB` is `BYTEA`, and
    /// `INTEGER PRIMARY KEY AUTOINCREMENT` is `BIGSERIAL PRIMARY KEY`.
    pub sql: Cow<'static, str>,
}

impl Migration {
    /// Step `version` with `sql`.
    pub const fn new(version: i64, sql: &'static str) -> Self {
        Self {
            version,
            sql: Cow::Borrowed(sql),
        }
    }
}

/// A migration that could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database failed.
    #[error("the migration of {service} to version {version} failed")]
    Failed {
        /// Whose tables.
        service: &'static str,
        /// Which step.
        version: i64,
        /// Why.
        #[source]
        source: DbError,
    },
}

impl Db {
    /// Applies those of `migrations` that `service` has not had yet, each in a transaction.
    /// Processes that start at the same moment take turns.
    pub async fn migrate(
        &self,
        service: &'static str,
        migrations: &[Migration],
    ) -> Result<(), MigrateError> {
        for migration in migrations {
            self.apply(service, migration)
                .await
                .map_err(|source| MigrateError::Failed {
                    service,
                    version: migration.version,
                    source,
                })?;
        }
        Ok(())
    }

    async fn apply(&self, service: &'static str, migration: &Migration) -> Result<(), DbError> {
        let mut tx = self.begin_migration().await?;
        if let Some(turn) = self.engine.migration_turn() {
            sqlx::raw_sql(turn).execute(tx.conn()).await?;
        }
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS schema_migration (
                service TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (service, version))",
        )
        .execute(tx.conn())
        .await?;
        let inserted = sqlx::query(
            "INSERT INTO schema_migration (service, version) VALUES ($1, $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(service)
        .bind(migration.version)
        .execute(tx.conn())
        .await?;
        if inserted.rows_affected() == 1 {
            let sql = self.engine.schema(&migration.sql).into_owned();
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
                .execute(tx.conn())
                .await?;
        }
        tx.commit().await
    }
}
