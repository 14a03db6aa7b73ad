//! What the operator does on the machine with the database, without asking the service.

use std::collections::BTreeSet;

use platform_auth::Scope;
use platform_core::{Clock, Redacted};
use platform_db::{Db, DbError, MigrateError};

use crate::domain::allows;
use crate::error::AccountError;
use crate::flow::{NewToken, make_token};
use crate::store::{self, Store};

/// Where the audit log says that the operator was.
const CONSOLE: &str = "console";

/// An API token that the operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// The name or the address of whose it is. `None`: of the first admin.
    pub user: Option<String>,
    /// What it is called on the page of the account.
    pub name: String,
    /// What it may be used for. Empty: for everything that the user may give it.
    pub scopes: BTreeSet<Scope>,
}

/// A token that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The tables cannot be made.
    #[error("the tables of accounts cannot be prepared")]
    Migrate(#[from] MigrateError),
    /// Nobody has claimed the site.
    #[error(
        "there is no admin yet: start Marquee with gateway.open = false, open the link that it \
         prints as \"admin:\", and try again"
    )]
    NoAdmin,
    /// There is nobody of this name.
    #[error("there is no user called {0:?}: check the name")]
    NoUser(String),
    /// They may not do anything.
    #[error("the account of {0:?} is suspended: its tokens would not be accepted")]
    Suspended(String),
    /// The wish makes no sense.
    #[error("{0}")]
    Refused(String),
    /// The rows cannot be read or written.
    #[error("the rows of accounts cannot be read or written")]
    Db(#[source] DbError),
}

impl From<AccountError> for IssueError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Db(error) => Self::Db(error),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Makes an API token; beside a Marquee that runs, or without one.
pub async fn issue_token(
    db: &Db,
    clock: &dyn Clock,
    new: NewApiToken,
) -> Result<Redacted, IssueError> {
    db.migrate("accounts", store::MIGRATIONS).await?;
    let store = Store::new(db);
    let found = match &new.user {
        Some(name) => store.user_called(name).await,
        None => store.first_admin().await,
    };
    let user = found.map_err(IssueError::Db)?.ok_or(match new.user {
        Some(name) => IssueError::NoUser(name),
        None => IssueError::NoAdmin,
    })?;
    if user.suspended {
        return Err(IssueError::Suspended(user.name));
    }
    let mut scopes = new.scopes;
    if scopes.is_empty() {
        let all = Scope::ALL.into_iter();
        scopes = all.filter(|scope| allows(user.role, *scope)).collect();
    }
    let token = NewToken {
        name: new.name,
        scopes,
        expires_at_ms: None,
    };
    let (_, secret) = make_token(&store, &user, token, CONSOLE, clock.now_ms()).await?;
    Ok(secret)
}
