//! What is answered.

use platform_auth::{Identity, Role, Scope};
use platform_core::clock::rfc3339;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Session, User};
use crate::store::tokens::ApiToken;

/// What a user may do; each may do what those before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleView {
    /// Watches.
    Viewer,
    /// Uploads.
    Uploader,
    /// Takes down what others uploaded.
    Moderator,
    /// Decides about everything.
    Admin,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Uploader => Self::Uploader,
            Role::Moderator => Self::Moderator,
            Role::Admin => Self::Admin,
        }
    }
}

impl From<RoleView> for Role {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::Viewer => Self::Viewer,
            RoleView::Uploader => Self::Uploader,
            RoleView::Moderator => Self::Moderator,
            RoleView::Admin => Self::Admin,
        }
    }
}

/// What an API token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = TokenScope)]
#[serde(rename_all = "snake_case")]
pub(super) enum ScopeView {
    /// See what the user sees.
    Read,
    /// Upload films.
    Upload,
    /// Change and delete films.
    Edit,
    /// What only admins and moderators may.
    Admin,
}

impl From<ScopeView> for Scope {
    fn from(scope: ScopeView) -> Self {
        match scope {
            ScopeView::Read => Self::Read,
            ScopeView::Upload => Self::Upload,
            ScopeView::Edit => Self::Edit,
            ScopeView::Admin => Self::Admin,
        }
    }
}

impl ScopeView {
    /// The scope of a token; none has the one for accounts.
    fn of(scope: Scope) -> Option<Self> {
        match scope {
            Scope::Read => Some(Self::Read),
            Scope::Upload => Some(Self::Upload),
            Scope::Edit => Some(Self::Edit),
            Scope::Admin => Some(Self::Admin),
            Scope::Account => None,
        }
    }
}

/// A user, as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    user_id: String,
    /// What they sign in with.
    name: String,
    /// What others see.
    display_name: String,
    email: Option<String>,
    role: RoleView,
    /// RFC 3339.
    created_at: String,
}

impl UserView {
    /// Everybody, where nobody is asked to sign in.
    pub(super) fn local() -> Self {
        let Identity { user, role, .. } = Identity::local();
        Self {
            user_id: user.as_str().to_owned(),
            name: user.as_str().to_owned(),
            display_name: user.as_str().to_owned(),
            email: None,
            role: role.into(),
            created_at: rfc3339(0),
        }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            name: user.name,
            display_name: user.display_name,
            email: user.email,
            role: user.role.into(),
            created_at: rfc3339(user.created_at_ms),
        }
    }
}

/// A user, as admins see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ManagedUser)]
pub(super) struct ManagedUserView {
    #[serde(flatten)]
    user: UserView,
    /// Whether they can sign in.
    suspended: bool,
}

impl From<User> for ManagedUserView {
    fn from(user: User) -> Self {
        Self {
            suspended: user.suspended,
            user: user.into(),
        }
    }
}

/// A browser or program in which somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    session_id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// RFC 3339.
    created_at: String,
    /// When it was last used, to about ten minutes; RFC 3339.
    seen_at: String,
    /// When it ends unless it is used again; RFC 3339.
    expires_at: String,
    /// What its program calls itself.
    user_agent: String,
    /// From where it was last used.
    address: String,
}

impl SessionView {
    pub(super) fn new(session: Session, current: &str) -> Self {
        Self {
            current: session.id == current,
            session_id: session.id,
            created_at: rfc3339(session.created_at_ms),
            seen_at: rfc3339(session.seen_at_ms),
            expires_at: rfc3339(session.expires_at_ms),
            user_agent: session.user_agent,
            address: session.address,
        }
    }
}

/// An API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiToken)]
pub(super) struct TokenView {
    token_id: String,
    name: String,
    scopes: Vec<ScopeView>,
    /// RFC 3339.
    created_at: String,
    /// When it was last used, to about a minute; RFC 3339.
    used_at: Option<String>,
    /// When it ends by itself; RFC 3339.
    expires_at: Option<String>,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        Self {
            token_id: token.id,
            name: token.name,
            scopes: token.scopes.into_iter().filter_map(ScopeView::of).collect(),
            created_at: rfc3339(token.created_at_ms),
            used_at: token.used_at_ms.map(rfc3339),
            expires_at: token.expires_at_ms.map(rfc3339),
        }
    }
}
