//! Who asks, and what they may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemas::OwnerId;
use serde::{Deserialize, Serialize};

/// What a user may do. Each may do what those before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches, and is somebody with whom films can be shared.
    Viewer,
    /// Uploads, and decides about what they uploaded.
    Uploader,
    /// Takes down what others uploaded.
    Moderator,
    /// Decides about users and everything else.
    Admin,
}

impl Role {
    /// All, from the least.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Uploader, Self::Moderator, Self::Admin];

    /// The role's name in rows, tokens and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Uploader => "uploader",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such role: choose viewer, uploader, moderator or admin")]
pub struct NoSuchRole;

impl FromStr for Role {
    type Err = NoSuchRole;

    fn from_str(text: &str) -> Result<Self, NoSuchRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or(NoSuchRole)
    }
}

/// What a credential may be used for. A session may be used for everything, an API token for what
/// its maker chose; neither for more than the user's [`Role`] allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See what the user sees.
    Read,
    /// Upload films.
    Upload,
    /// Change and delete films.
    Edit,
    /// Sessions, tokens, the password, the account itself. API tokens never have it.
    Account,
    /// What only admins and moderators may.
    Admin,
}

impl Scope {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Upload,
        Self::Edit,
        Self::Account,
        Self::Admin,
    ];

    /// The scope's name in rows and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Edit => "edit",
            Self::Account => "account",
            Self::Admin => "admin",
        }
    }
}

/// A text that names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such scope: choose read, upload, edit or admin")]
pub struct NoSuchScope;

impl FromStr for Scope {
    type Err = NoSuchScope;

    fn from_str(text: &str) -> Result<Self, NoSuchScope> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or(NoSuchScope)
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user.
    pub user: OwnerId,
    /// What the user may do.
    pub role: Role,
    /// What the credential may be used for.
    pub scopes: BTreeSet<Scope>,
    /// The session or API token by which they were recognised: it can be revoked.
    pub credential: String,
}

impl Identity {
    /// The one owner of a machine without accounts, who may do everything.
    pub fn local() -> Self {
        Self {
            user: OwnerId::local(),
            role: Role::Admin,
            scopes: Scope::ALL.into(),
            credential: "local".to_owned(),
        }
    }

    /// Whether they have at least this role, by a credential that may be used for it.
    pub fn may(&self, role: Role, scope: Scope) -> bool {
        self.role >= role && self.scopes.contains(&scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_and_scope_both_count() {
        let mut identity = Identity::local();
        assert!(identity.may(Role::Admin, Scope::Admin));
        identity.scopes.remove(&Scope::Admin);
        assert!(!identity.may(Role::Admin, Scope::Admin));
        assert!(identity.may(Role::Viewer, Scope::Read));
        identity.role = Role::Viewer;
        assert!(!identity.may(Role::Uploader, Scope::Upload));
    }

    #[test]
    fn names_are_those_of_serde() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert_eq!("owner".parse::<Role>(), Err(NoSuchRole));
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
        }
        assert_eq!("root".parse::<Scope>(), Err(NoSuchScope));
    }
}
