//! The providers that an operator names.

use std::net::IpAddr;
use std::path::PathBuf;

use platform_auth::Role;
use serde::{Deserialize, Serialize};
use url::Url;

use super::OidcError;

/// A provider by which people sign in (OpenID Connect Core 1.0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Oidc {
    /// What addresses call it: small letters, digits and hyphens. It must not change later.
    pub id: String,
    /// What people see: `Sign in with …`.
    pub name: String,
    /// Its issuer identifier, exactly as its tokens have it.
    pub issuer: String,
    /// What it knows this site by.
    pub client_id: String,
    /// File with the secret that it gave this site; none for a public client.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// Whether whoever comes from it for the first time gets an account, whatever
    /// `accounts.registration` says. Otherwise people link it on the page of their account.
    pub allow_sign_up: bool,
    /// What those become who get an account by it.
    pub new_user_role: Role,
    /// Subjects (`sub` of its tokens) who become admins when they get an account by it.
    pub admins: Vec<String>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret_file: None,
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            allow_sign_up: false,
            new_user_role: Role::Uploader,
            admins: Vec::new(),
        }
    }
}

impl Oidc {
    /// Refuses what cannot work, or is not safe.
    pub(super) fn check(&self) -> Result<(), OidcError> {
        let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=32).contains(&self.id.len()) || !self.id.bytes().all(sound) {
            return Err(OidcError::Mistake(
                "accounts.oidc.id: write 1 to 32 small letters, digits and hyphens",
            ));
        }
        if self.name.is_empty() || self.client_id.is_empty() {
            return Err(OidcError::Mistake(
                "accounts.oidc: name and client_id have to be set",
            ));
        }
        let issuer = Url::parse(&self.issuer).ok();
        if !issuer.is_some_and(|issuer| is_safe(&issuer)) {
            return Err(OidcError::Mistake(
                "accounts.oidc.issuer: it has to begin with https:// (http:// is for a provider on \
                 this machine only)",
            ));
        }
        Ok(())
    }
}

/// Whether what is sent to `url` reaches whom it is meant for.
pub(super) fn is_safe(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = bare.parse();
    let is_here = address.map_or(host == "localhost", |address| address.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_over_https_or_on_this_machine() {
        for (issuer, id, allowed) in [
            ("https://login.example", "login", true),
            ("http://127.0.0.1:9/x", "login", true),
            ("http://[::1]:9", "login", true),
            ("http://login.example", "login", false),
            ("login.example", "login", false),
            ("https://login.example", "", false),
            ("https://login.example", "Log/in", false),
        ] {
            let oidc = Oidc {
                id: id.to_owned(),
                name: "Login".to_owned(),
                issuer: issuer.to_owned(),
                client_id: "films".to_owned(),
                ..Oidc::default()
            };
            assert_eq!(oidc.check().is_ok(), allowed, "{issuer} {id}");
        }
    }
}
