//! The credential that seeding takes.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use platform_core::Redacted;
use platform_http::Problem;
use sha2::{Digest as _, Sha256};

/// Knows the seeding key by its digest only.
#[derive(Clone)]
pub(crate) struct Credential([u8; 32]);

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credential")
    }
}

impl Credential {
    pub(crate) fn new(key: &Redacted) -> Self {
        Self(Sha256::digest(key.expose()).into())
    }

    /// Lets a request pass that carries `Authorization: Bearer` and the key.
    pub(super) fn check(&self, request: &HttpRequest) -> Result<(), Problem> {
        let given = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if given.is_some_and(|key| self.matches(key)) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Seeding takes a credential",
            "Send the seeding key of this edge as a bearer token.",
        ))
    }

    /// Digests are compared, and all of their bytes, so that the time taken tells nothing.
    fn matches(&self, key: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(key).into();
        let differing = self
            .0
            .iter()
            .zip(given)
            .fold(0, |all, (a, b)| all | (a ^ b));
        differing == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_itself_matches() {
        let credential = Credential::new(&Redacted::new("secret"));
        assert!(credential.matches("secret"));
        for other in ["", "secre", "secret ", "Secret"] {
            assert!(!credential.matches(other));
        }
    }
}
