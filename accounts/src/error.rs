//! Why something could not be done with an account.

use platform_auth::{TokenError, Unsealable};
use platform_db::{DbError, WriteError};
use platform_passwords::{HashError, TryError};

use crate::oidc::OidcError;

/// Why something could not be done with an account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    /// The request makes no sense, for the reason given.
    #[error("{0}")]
    Invalid(String),
    /// Somebody has the name.
    #[error("the name is taken")]
    NameTaken,
    /// There is no such user, or it is not their password: nobody learns which.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// It is not the password of who is signed in.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many tries.
    #[error("too many tries: wait {0} seconds")]
    Throttled(u32),
    /// The session is over.
    #[error("the session is over")]
    SignedOut,
    /// An admin has suspended the account.
    #[error("the account is suspended")]
    Suspended,
    /// They may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Nobody, or nobody without an invitation, may sign up.
    #[error("{0}")]
    RegistrationClosed(&'static str),
    /// The link was used, has expired, or is made up.
    #[error("the link is not valid")]
    LinkInvalid,
    /// There is an admin already.
    #[error("there is an admin already")]
    Claimed,
    /// Without this admin there would be none.
    #[error("this is the last admin")]
    LastAdmin,
    /// There is nothing of this id.
    #[error("{0}")]
    NotFound(&'static str),
    /// The password cannot be hashed.
    #[error("the password cannot be hashed")]
    Hash(#[from] HashError),
    /// The access token cannot be signed.
    #[error("the access token cannot be signed")]
    Token(#[from] TokenError),
    /// A secret cannot be sealed.
    #[error("a secret cannot be sealed")]
    Seal(#[from] Unsealable),
    /// A provider's identity is somebody else's.
    #[error("the identity is linked with another account")]
    IdentityTaken,
    /// A provider does not recognise them.
    #[error("the provider does not recognise them")]
    Oidc(#[from] OidcError),
    /// The database failed.
    #[error("the rows of accounts cannot be read or written")]
    Db(#[from] DbError),
}

impl From<TryError> for AccountError {
    fn from(error: TryError) -> Self {
        match error {
            TryError::Wait(seconds) => Self::Throttled(seconds),
            TryError::Db(error) => Self::Db(error),
        }
    }
}

impl WriteError for AccountError {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}
