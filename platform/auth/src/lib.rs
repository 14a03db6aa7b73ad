//! Who may do what, and the tokens that say so.
//!
//! An [`Identity`] is who asks and what they may do. People carry it as an *access token*, which
//! accounts sign and everybody can check ([`AccessKeys`], [`AccessVerifier`]); within Marquee it
//! goes from service to service as a *service token*, which also says that a service of ours asks
//! ([`ServiceKey`]). What only services may read is sealed ([`SealKey`]). Players carry a *playback token*, which edges check ([`PlaybackKey`]).

mod access;
mod identity;
mod lines;
mod playback;
mod seal;
mod service;

pub use access::{AccessKey, AccessKeys, AccessVerifier, LEEWAY_MS};
pub use identity::{Identity, Role, Scope};
pub use playback::{Denied, Grant, PLAYBACK_LIFETIME_S, PlaybackKey};
pub use seal::{Opened, SealKey, Unsealable};
pub use service::{Caller, ServiceKey};

/// Why a token is not accepted. Whoever sent it learns no more than that.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours: its form, signature, algorithm, key or audience is wrong.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid.
    #[error("the token has expired")]
    Expired,
}
