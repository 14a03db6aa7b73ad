//! How links reach those they are for.

use async_trait::async_trait;
use platform_core::Redacted;

/// A link by which somebody chooses a new password.
#[derive(Debug, Clone)]
pub struct Link {
    /// The name of whom it is for.
    pub user: String,
    /// Their address, if they gave one. It is not verified.
    pub email: Option<String>,
    /// What is behind the site's address: a path with the secret in it.
    pub path: Redacted,
    /// Until when it can be used, RFC 3339.
    pub expires_at: String,
}

/// Brings links to people.
#[async_trait]
pub trait LinkSender: Send + Sync {
    /// Brings `link`. What goes wrong is for the operator to see, not for who asked for it.
    async fn send(&self, link: &Link);
}

/// Shows links to the operator, who passes them on.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperatorLinks;

#[async_trait]
impl LinkSender for OperatorLinks {
    /// The one place where a secret is logged, and meant to be: there is no other way to the user.
    async fn send(&self, link: &Link) {
        tracing::warn!(
            user = link.user,
            email = link.email,
            path = link.path.expose(),
            expires_at = link.expires_at,
            "somebody forgot their password: pass this link on if it is them"
        );
    }
}
