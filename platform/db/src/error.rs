//! What went wrong with a statement, and what a caller should do about it.

use sqlx::Error;

/// A failed statement, with what a caller should do about it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Nothing of the transaction was kept, and the same may succeed at once: it lost a race with
    /// another transaction, or its connection. [`Db::write`](crate::Db::write) runs it again.
    #[error("the database interrupted the statement")]
    Interrupted(#[source] Error),
    /// The database is busy or away; the same call may succeed later.
    #[error("the database cannot be reached at the moment")]
    Unavailable(#[source] Error),
    /// A constraint refused the row: it exists already, or what it refers to does not.
    #[error("the database refused the row")]
    Conflict(#[source] Error),
    /// Our statement or the stored data is wrong.
    #[error("the database statement failed")]
    Broken(#[source] Error),
}

/// The error of a write, which knows whether it came from the database.
pub trait WriteError: From<DbError> {
    /// The database's failure, if it was one.
    fn db(&self) -> Option<&DbError>;
}

impl WriteError for DbError {
    fn db(&self) -> Option<&DbError> {
        Some(self)
    }
}

impl DbError {
    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Interrupted(_) | Self::Unavailable(_))
    }

    /// The failure of a COMMIT. When its answer is lost nobody knows whether the transaction was
    /// kept, so it is not run again here: that is for a caller who can tell, or does not mind.
    pub(crate) fn of_commit(error: Error) -> Self {
        let undone = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| matches!(code.as_ref(), "40001" | "40P01"));
        match Self::from(error) {
            Self::Interrupted(error) if !undone => Self::Unavailable(error),
            other => other,
        }
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Io(_) => Self::Interrupted(error),
            Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
                Self::Unavailable(error)
            }
            Error::Database(reason) => {
                if reason.is_unique_violation() || reason.is_foreign_key_violation() {
                    return Self::Conflict(error);
                }
                match reason.code().as_deref().map(kind) {
                    Some(Kind::Interrupted) => Self::Interrupted(error),
                    Some(Kind::Passing) => Self::Unavailable(error),
                    _ => Self::Broken(error),
                }
            }
            _ => Self::Broken(error),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Interrupted,
    Passing,
    Lasting,
}

/// SQLite: BUSY (5), LOCKED (6), IOERR (10), FULL (13) and their extended codes pass.
///
/// PostgreSQL (its appendix A): a transaction that could not be serialised, was in a deadlock,
/// waited too long for a lock, held the server up, or was in a session that the server ended can
/// be run again at once; classes 40 (rollback), 53 (resources), 57 (operator) and 08 (connection)
/// pass.
fn kind(code: &str) -> Kind {
    if let (Ok(number), true) = (code.parse::<u32>(), code.len() < 5) {
        return match number & 0xff {
            5 | 6 | 10 | 13 => Kind::Passing,
            _ => Kind::Lasting,
        };
    }
    match code {
        "40001" | "40P01" | "55P03" | "25P03" | "25P04" | "57P01" | "57P02" | "57P03" | "57P05"
        | "08000" | "08003" | "08006" => Kind::Interrupted,
        _ if ["40", "53", "57", "08"].iter().any(|c| code.starts_with(c)) => Kind::Passing,
        _ => Kind::Lasting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whether_to_try_again() {
        for (code, expected) in [
            ("5", Kind::Passing),
            ("517", Kind::Passing),
            ("1", Kind::Lasting),
            ("40001", Kind::Interrupted),
            ("40P01", Kind::Interrupted),
            ("57P01", Kind::Interrupted),
            ("57014", Kind::Passing),
            ("53300", Kind::Passing),
            ("42601", Kind::Lasting),
            ("23505", Kind::Lasting),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }

    #[test]
    fn a_lost_answer_to_a_commit_is_not_a_rollback() {
        let lost = || Error::Io(std::io::ErrorKind::UnexpectedEof.into());
        assert!(matches!(DbError::from(lost()), DbError::Interrupted(_)));
        assert!(matches!(
            DbError::of_commit(lost()),
            DbError::Unavailable(_)
        ));
    }
}
