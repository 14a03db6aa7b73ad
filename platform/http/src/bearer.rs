//! Keys of those who are no services of ours, such as edges near viewers.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use platform_core::Redacted;
use sha2::{Digest as _, Sha256};

/// Keys that are good as `Authorization: Bearer` (RFC 6750, section 2.1), known by their digests.
#[derive(Clone)]
pub struct BearerKeys(Arc<[[u8; 32]]>);

impl fmt::Debug for BearerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerKeys([redacted])")
    }
}

impl BearerKeys {
    /// Any of `keys` will do; an empty one is none.
    pub fn new(keys: &[Redacted]) -> Self {
        let keys = keys.iter().map(Redacted::expose);
        let keys = keys.filter(|key| !key.is_empty());
        Self(keys.map(|key| Sha256::digest(key).into()).collect())
    }

    /// Whether a request with `headers` bears one of the keys.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        given.is_some_and(|key| self.matches(key))
    }

    /// Digests are compared, and all of their bytes, so that the time taken tells nothing.
    fn matches(&self, key: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(key).into();
        let differing = |known: &[u8; 32]| {
            let bytes = known.iter().zip(given);
            bytes.fold(0, |all, (a, b)| all | (a ^ b))
        };
        self.0.iter().filter(|known| differing(known) == 0).count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_keys_themselves_match() {
        let keys = ["secret", "", "another"].map(Redacted::new);
        let keys = BearerKeys::new(&keys);
        assert!(keys.matches("secret") && keys.matches("another"));
        for other in ["", "secre", "secret ", "Secret"] {
            assert!(!keys.matches(other), "{other}");
        }
        assert!(!BearerKeys::new(&[]).matches(""));
    }
}
