//! Secrets that we hand out. Rows have only their digests: who reads the database can use none.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use platform_core::Redacted;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// What an API token begins with, so that scanners of leaks recognise one.
pub(crate) const API_TOKEN: &str = "mqt_";

/// 128 random bits, in the alphabet of all our ids.
pub(crate) fn random_id(rng: &mut dyn RngCore) -> String {
    random::<16>(rng)
}

/// 256 random bits.
pub(crate) fn random_secret(rng: &mut dyn RngCore) -> Redacted {
    Redacted::new(random::<32>(rng))
}

/// A fresh API token.
pub(crate) fn api_token(rng: &mut dyn RngCore) -> Redacted {
    Redacted::new(format!("{API_TOKEN}{}", random::<32>(rng)))
}

fn random<const BYTES: usize>(rng: &mut dyn RngCore) -> String {
    let mut bytes = [0; BYTES];
    rng.fill_bytes(&mut bytes);
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

/// What a row keeps of `secret`. It is long and random, so a fast hash without salt is enough, and
/// how long a comparison of digests takes says nothing about the secret.
pub(crate) fn digest(secret: &Redacted) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(secret.expose().as_bytes()))
}

/// The refresh token that follows `secret`: whoever has that and the row's `salt` can make it once
/// more, for another tab that asks at the same moment; the row alone, or an old token alone, is
/// not enough.
pub(crate) fn successor(secret: &Redacted, salt: &str) -> Redacted {
    let mut hash = Sha256::new();
    hash.update(b"marquee refresh successor v1\n");
    hash.update(salt.as_bytes());
    hash.update(b"\n");
    hash.update(secret.expose().as_bytes());
    Redacted::new(BASE32_NOPAD.encode(&hash.finalize()).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_all_different() {
        let rng = &mut rand::rng();
        assert_eq!(random_id(rng).len(), 26);
        assert_eq!(random_secret(rng).expose().len(), 52);
        assert!(api_token(rng).expose().starts_with("mqt_"));
        assert_ne!(random_secret(rng), random_secret(rng));
    }

    #[test]
    fn a_successor_follows_from_the_token_and_the_salt_only() {
        let (a, b) = (Redacted::new("a"), Redacted::new("b"));
        assert_eq!(successor(&a, "s"), successor(&a, "s"));
        assert_ne!(successor(&a, "s"), successor(&b, "s"));
        assert_ne!(successor(&a, "s"), successor(&a, "t"));
        assert_ne!(digest(&a), digest(&b));
    }
}
