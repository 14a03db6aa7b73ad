//! What only our services can read: rows and cookies that others may get to see.
//!
//! AES-256-GCM under a key that HKDF-SHA256 (RFC 5869) makes from the secret that all services share,
//! apart for each purpose: `nonce (12 octets) || ciphertext || tag (16 octets)`.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use platform_core::Redacted;

use crate::lines::lines;

/// Told apart from whatever else the secret might be stretched for.
const CONTEXT: &[u8] = b"marquee seal v1\n";

/// What cannot be sealed, or was not sealed by us for this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it was not sealed with a key of ours for this purpose, or was changed")]
pub struct Unsealable;

/// What was sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// What it was before.
    pub plain: Vec<u8>,
    /// Whether the key that seals now has sealed it, rather than one that is on its way out.
    pub is_current: bool,
}

/// The keys for one purpose. Clones share them.
#[derive(Clone)]
pub struct SealKey {
    seals: Arc<RandomizedNonceKey>,
    older: Arc<[RandomizedNonceKey]>,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey([redacted])")
    }
}

impl SealKey {
    /// Seals for `purpose` with what the first of the lines of `secret` makes, and opens with all of
    /// them, as [`ServiceKey`](crate::ServiceKey) signs and accepts.
    pub fn derive(secret: &Redacted, purpose: &str) -> Result<Self, Unsealable> {
        let key = |line: &str| derived(line, purpose);
        let mut lines = lines(secret);
        Ok(Self {
            seals: Arc::new(key(lines.next().ok_or(Unsealable)?)?),
            older: lines.map(key).collect::<Result<_, _>>()?,
        })
    }

    /// Seals `plain`, to be opened as the same `subject` only: a row's id, for instance, so that
    /// nobody puts what one row has into another.
    pub fn seal(&self, plain: &[u8], subject: &str) -> Result<Vec<u8>, Unsealable> {
        let mut text = plain.to_vec();
        let nonce = self
            .seals
            .seal_in_place_append_tag(Aad::from(subject), &mut text)
            .map_err(|_error| Unsealable)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens what was sealed as `subject`.
    pub fn open(&self, sealed: &[u8], subject: &str) -> Result<Opened, Unsealable> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
        let open = |key: &RandomizedNonceKey| {
            let mut text = text.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let plain = key.open_in_place(nonce, Aad::from(subject), &mut text);
            plain.ok().map(|plain| plain.to_vec())
        };
        let current = open(&self.seals).map(|plain| (plain, true));
        let found = current.or_else(|| self.older.iter().find_map(|key| Some((open(key)?, false))));
        let (plain, is_current) = found.ok_or(Unsealable)?;
        Ok(Opened { plain, is_current })
    }
}

fn derived(line: &str, purpose: &str) -> Result<RandomizedNonceKey, Unsealable> {
    let mut key = [0; 32];
    let stretched = Salt::new(HKDF_SHA256, &[]).extract(line.as_bytes());
    stretched
        .expand(&[CONTEXT, purpose.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .and_then(|()| RandomizedNonceKey::new(&AES_256_GCM, &key))
        .map_err(|_error| Unsealable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> SealKey {
        SealKey::derive(&Redacted::new(secret), "seeds").unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_by_the_same_services_for_the_same_thing_only() {
        let sealed = key("a").seal(b"seed", "row 1").unwrap();
        let opened = key("a").open(&sealed, "row 1").unwrap();
        assert_eq!(
            (opened.plain.as_slice(), opened.is_current),
            (b"seed".as_slice(), true)
        );
        assert!(!sealed.windows(4).any(|part| part == b"seed"));
        assert!(key("a").open(&sealed, "row 2").is_err());
        assert!(key("b").open(&sealed, "row 1").is_err());
        let cookies = SealKey::derive(&Redacted::new("a"), "cookies").unwrap();
        assert!(cookies.open(&sealed, "row 1").is_err());
        for n in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[n] ^= 1;
            assert!(key("a").open(&changed, "row 1").is_err());
            assert!(key("a").open(&sealed[..n], "row 1").is_err());
        }
        assert_ne!(key("a").seal(b"seed", "row 1").unwrap(), sealed);
    }

    #[test]
    fn the_secret_is_replaced_while_services_run() {
        let sealed = key("old").seal(b"seed", "").unwrap();
        let opened = key("new\nold").open(&sealed, "").unwrap();
        assert!(!opened.is_current);
        let sealed = key("new\nold").seal(b"seed", "").unwrap();
        assert!(key("new").open(&sealed, "").unwrap().is_current);
    }
}
