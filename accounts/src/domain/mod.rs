//! What accounts are, apart from where they are kept.

mod email;
mod name;
mod password;
mod role;
mod secret;
mod session;
mod user;

pub(crate) use email::Email;
pub(crate) use name::UserName;
pub(crate) use password::check_password;
pub(crate) use role::allows;
pub(crate) use secret::{API_TOKEN, api_token, digest, random_id, random_secret, successor};
pub(crate) use session::{RefreshToken, Session, Turn, expiry_ms};
pub(crate) use user::{User, display_name};
