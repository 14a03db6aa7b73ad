//! Service tokens: which service of ours asks, and for whom.
//!
//! `BASE64URL(claims) "." BASE64URL(HMAC-SHA256(claims))` under a key that all services share. They
//! live as long as a call may take to arrive, so that one that was seen is soon of no use.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use platform_core::Redacted;
use serde::{Deserialize, Serialize};

use crate::lines::hmac_keys;
use crate::{Identity, LEEWAY_MS, TokenError};

/// How long a token is valid, milliseconds. Machines' clocks may differ by [`LEEWAY_MS`] besides.
const LIFETIME_MS: i64 = 60_000;

/// Told apart from whatever else a key might sign.
const CONTEXT: &[u8] = b"marquee service token v1\n";

/// Who asks a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The name of the service that sent the request.
    pub service: String,
    /// For whom, if for somebody in particular. A gateway that names nobody asks for a stranger.
    pub identity: Option<Identity>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    caller: Caller,
    exp_ms: i64,
}

/// The key that all services of a Marquee share.
#[derive(Clone)]
pub struct ServiceKey {
    signs: hmac::Key,
    accepted: Vec<hmac::Key>,
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceKey([redacted])")
    }
}

impl ServiceKey {
    /// Signs with the first of the lines of `secret` and accepts all of them, so that it can be
    /// changed while services run.
    pub fn new(secret: &Redacted) -> Self {
        let (signs, accepted) = hmac_keys(secret);
        Self { signs, accepted }
    }

    /// A token for a call that begins at `now_ms`.
    pub fn sign(&self, caller: &Caller, now_ms: i64) -> Result<String, TokenError> {
        let claims = Claims {
            caller: caller.clone(),
            exp_ms: now_ms.saturating_add(LIFETIME_MS),
        };
        let claims = serde_json::to_vec(&claims).map_err(|_error| TokenError::Invalid)?;
        let mac = hmac::sign(&self.signs, &[CONTEXT, &claims].concat());
        let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        Ok(format!("{}.{}", part(&claims), part(mac.as_ref())))
    }

    /// Who asks by `token` at `now_ms`.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Caller, TokenError> {
        let part = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let parts = token
            .split_once('.')
            .and_then(|(claims, mac)| Some((part(claims)?, part(mac)?)));
        let (claims, mac) = parts.ok_or(TokenError::Invalid)?;
        let message = [CONTEXT, &claims].concat();
        let is_ours = |key| hmac::verify(key, &message, &mac).is_ok();
        if !self.accepted.iter().any(is_ours) {
            return Err(TokenError::Invalid);
        }
        let claims: Claims =
            serde_json::from_slice(&claims).map_err(|_error| TokenError::Invalid)?;
        if now_ms > claims.exp_ms.saturating_add(LEEWAY_MS) {
            return Err(TokenError::Expired);
        }
        Ok(claims.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn key(secret: &str) -> ServiceKey {
        ServiceKey::new(&Redacted::new(secret))
    }

    fn gateway() -> Caller {
        Caller {
            service: "gateway".to_owned(),
            identity: Some(Identity::local()),
        }
    }

    #[test]
    fn a_token_says_who_asks_and_soon_expires() {
        let token = key("a").sign(&gateway(), NOW).unwrap();
        assert_eq!(key("a").verify(&token, NOW).unwrap(), gateway());
        let late = key("a").verify(&token, NOW + LIFETIME_MS + LEEWAY_MS + 1);
        assert!(matches!(late, Err(TokenError::Expired)));
    }

    #[test]
    fn a_key_is_replaced_while_services_run() {
        let token = key("old").sign(&gateway(), NOW).unwrap();
        assert!(key("new\nold").verify(&token, NOW).is_ok());
        assert!(key("new").verify(&token, NOW).is_err());
        let token = key("new\nold").sign(&gateway(), NOW).unwrap();
        assert!(key("new").verify(&token, NOW).is_ok());
    }

    #[test]
    fn an_empty_line_is_no_key() {
        let by_nothing = key("").sign(&gateway(), NOW).unwrap();
        for secret in ["", "\n", "a\n", "a\n\n", "a\n \nb"] {
            assert!(key(secret).verify(&by_nothing, NOW).is_err(), "{secret:?}");
        }
        assert!(
            key("\na")
                .verify(&key("a").sign(&gateway(), NOW).unwrap(), NOW)
                .is_ok()
        );
    }

    #[test]
    fn what_others_made_or_changed_is_refused() {
        let token = key("a").sign(&gateway(), NOW).unwrap();
        let (claims, mac) = token.split_once('.').unwrap();
        let (other, _) = token.split_at(10);
        for forged in [
            "",
            ".",
            claims,
            &format!("{claims}."),
            &format!(".{mac}"),
            &format!("{other}.{mac}"),
            &format!("{claims}.{}", mac.split_at(20).0),
            &key("b").sign(&gateway(), NOW).unwrap(),
        ] {
            assert!(key("a").verify(forged, NOW).is_err(), "{forged}");
        }
    }
}
