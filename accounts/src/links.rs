//! How links reach those they are for.

use async_trait::async_trait;
use platform_core::Redacted;

/// What a link is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The user of this name chooses a new password.
    Reset {
        /// What they sign in with.
        user: String,
    },
    /// Somebody signs up.
    Invitation,
}

/// A link that brings somebody in.
#[derive(Debug, Clone)]
pub struct Link {
    /// What it is good for.
    pub purpose: Purpose,
    /// The address of whom it is for, if they gave one. It is not verified.
    pub email: Option<String>,
    /// What is behind the site's address: a path with the secret in it.
    pub path: Redacted,
    /// Until when it can be used, RFC 3339.
    pub expires_at: String,
}

/// Brings links to people.
#[async_trait]
pub trait LinkSender: Send + Sync {
    /// Whether it reaches people by their addresses, rather than by way of the operator.
    fn is_mail(&self) -> bool {
        false
    }

    /// Brings `link`, or sees to it that it is brought: it does not wait for the other side. What goes wrong is for the operator to see, not for who asked for it.
    async fn send(&self, link: &Link);
}

/// Shows links to the operator, who passes them on.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperatorLinks;

#[async_trait]
impl LinkSender for OperatorLinks {
    /// The one place where a secret is logged, and meant to be: there is no other way to the user.
    async fn send(&self, link: &Link) {
        let user = match &link.purpose {
            Purpose::Reset { user } => user,
            // Whoever made it has it on their page.
            Purpose::Invitation => return,
        };
        tracing::warn!(
            user,
            email = link.email,
            path = link.path.expose(),
            expires_at = link.expires_at,
            "somebody forgot their password: pass this link on if it is them"
        );
    }
}
