//! The rows of accounts.
//!
//! Functions that take a connection run within a transaction that a flow has begun; what takes the
//! store itself reads what is committed.

pub(crate) mod audit;
pub(crate) mod identities;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod revocations;
mod schema;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;

use platform_db::{Db, Tx, WriteError};
use platform_passwords::Tries;
use sqlx::AnyPool;

pub(crate) use schema::MIGRATIONS;

/// The rows of accounts.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    db: Db,
}

impl Store {
    pub(crate) fn new(db: &Db) -> Self {
        Self {
            db: db.about("accounts"),
        }
    }

    /// Runs `work` in a transaction: see [`Db::write`].
    pub(crate) async fn write<T, E: WriteError, F: Future<Output = Result<T, E>>>(
        &self,
        work: impl FnMut(Tx) -> F,
    ) -> Result<T, E> {
        self.db.write(work).await
    }

    /// Tries to get in.
    pub(crate) fn tries(&self) -> Tries {
        Tries::new(&self.db, "accounts_attempt")
    }

    fn reader(&self) -> &AnyPool {
        self.db.reader()
    }
}

/// A column whose text is none of ours.
fn odd(column: &str, text: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{text:?} is not known here").into(),
    }
}
