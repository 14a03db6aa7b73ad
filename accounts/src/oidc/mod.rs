//! Signing in by way of somebody else's accounts: OpenID Connect, the authorization code flow with
//! PKCE (RFC 7636), as RFC 9700 wants it.
//!
//! The cryptography is that of access tokens. What begins in a browser ends in the same one: a sealed
//! cookie has the state, the nonce and the verifier.

mod config;
mod provider;
mod token;

pub use config::Oidc;
pub(crate) use provider::{Answer, Begun, Person, Provider};

/// Somebody who cannot be recognised by a provider.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// A key of the configuration is wrong.
    #[error("{0}")]
    Mistake(&'static str),
    /// The client's secret cannot be read.
    #[error("accounts.oidc.client_secret_file")]
    Secret(#[from] platform_core::secret::SecretError),
    /// It gives no answer, or none that can be read.
    #[error("the provider does not answer as OpenID Connect wants it")]
    Away(#[from] reqwest::Error),
    /// What it says of itself is not safe to follow.
    #[error("the provider's description of itself is not to be followed: {0}")]
    Odd(&'static str),
    /// It refuses, with a code of RFC 6749, section 5.2.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// The answer belongs to another request, another browser or another time.
    #[error("the answer does not belong to what was begun here")]
    Stray,
    /// The token is not believed.
    #[error("the provider's token is not believed: {0}")]
    Doubt(String),
}
