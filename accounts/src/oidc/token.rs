//! ID tokens: which are believed (OpenID Connect Core 1.0, section 3.1.3.7).

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use platform_auth::LEEWAY_MS;
use serde::Deserialize;

/// Signatures that only the provider can have made: none by a shared secret, and not `none` (RFC
/// 8725, section 3.1).
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// Longest subject (section 2).
const LONGEST_SUBJECT: usize = 255;

/// What the token has to be for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now_ms: i64,
}

/// What a token says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    /// Seconds since the epoch.
    exp: i64,
    nbf: Option<i64>,
    pub(super) preferred_username: Option<String>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) email_verified: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Doubt {
    #[error("it is not a token, or one by an algorithm that is not accepted")]
    Form,
    #[error("its key is not published")]
    UnknownKey,
    #[error("its signature, issuer or audience is another")]
    NotOurs,
    #[error("it has expired, or is not valid yet")]
    Time,
    #[error("it answers another request")]
    Nonce,
}

/// What `token` says, if one of `keys` has signed it for `expected`.
pub(super) fn verify(token: &str, keys: &JwkSet, expected: Expected<'_>) -> Result<Claims, Doubt> {
    let header = jsonwebtoken::decode_header(token).map_err(|_error| Doubt::Form)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Doubt::Form);
    }
    let jwk = match (&header.kid, keys.keys.as_slice()) {
        (Some(id), _) => keys.find(id),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let signs = |usage: &PublicKeyUse| *usage == PublicKeyUse::Signature;
    let jwk = jwk.filter(|jwk| jwk.common.public_key_use.as_ref().is_none_or(signs));
    let key = DecodingKey::from_jwk(jwk.ok_or(Doubt::UnknownKey)?);
    let key = key.map_err(|_error| Doubt::UnknownKey)?;
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // By the clock that is given, below.
    validation.validate_exp = false;
    let data = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    let claims = data.map_err(|_error| Doubt::NotOurs)?.claims;
    let is_only_ours = match &claims.aud {
        Audience::One(audience) => audience == expected.client_id,
        Audience::Many(all) => all.len() == 1 || claims.azp.is_some(),
    };
    let party = claims.azp.as_deref().unwrap_or(expected.client_id);
    let is_named = (1..=LONGEST_SUBJECT).contains(&claims.sub.len());
    if !is_only_ours || party != expected.client_id || !is_named {
        return Err(Doubt::NotOurs);
    }
    let ms = |seconds: i64| seconds.saturating_mul(1000);
    let is_over = expected.now_ms > ms(claims.exp).saturating_add(LEEWAY_MS);
    let begins = claims.nbf.map(ms);
    if is_over || begins.is_some_and(|at| expected.now_ms < at.saturating_sub(LEEWAY_MS)) {
        return Err(Doubt::Time);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Doubt::Nonce);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header};
    use platform_auth::{AccessKey, AccessKeys};
    use serde_json::{Value, json};

    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    /// A key in PKCS #8 (RFC 8410, section 7), and what is published of it.
    fn key(byte: u8) -> (EncodingKey, JwkSet) {
        let mut der = vec![
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        der.extend([byte; 32]);
        let published = AccessKey::new("k", [byte; 32]).unwrap();
        let published = AccessKeys::new(published, Vec::new()).published();
        let published = serde_json::to_value(published).unwrap();
        (
            EncodingKey::from_ed_der(&der),
            serde_json::from_value(published).unwrap(),
        )
    }

    fn token(change: impl FnOnce(&mut Value), header: &Header, key: &EncodingKey) -> String {
        let mut claims = json!({
            "iss": "https://login.example", "aud": "films", "sub": "ada", "nonce": "n",
            "exp": NOW_MS / 1000 + 60, "iat": NOW_MS / 1000,
        });
        change(&mut claims);
        jsonwebtoken::encode(header, &claims, key).unwrap()
    }

    fn header() -> Header {
        Header {
            kid: Some("k".to_owned()),
            ..Header::new(Algorithm::EdDSA)
        }
    }

    #[test]
    fn only_the_providers_token_for_this_site_and_this_request_is_believed() {
        let (signs, keys) = key(1);
        let expected = Expected {
            issuer: "https://login.example",
            client_id: "films",
            nonce: "n",
            now_ms: NOW_MS,
        };
        let told = |change: fn(&mut Value)| {
            verify(&token(change, &header(), &signs), &keys, expected).map(|claims| claims.sub)
        };
        assert_eq!(told(|_| {}), Ok("ada".to_owned()));
        assert!(told(|it| it["aud"] = json!(["films"])).is_ok());
        let both = |it: &mut Value| it["aud"] = json!(["films", "others"]);
        assert_eq!(told(both), Err(Doubt::NotOurs));
        let others: fn(&mut Value) = |it| it["aud"] = "others".into();
        for (change, doubt) in [
            (others, Doubt::NotOurs),
            (|it| it["aud"] = json!([]), Doubt::NotOurs),
            (|it| it["azp"] = "others".into(), Doubt::NotOurs),
            (
                |it| it["iss"] = "https://login.example/".into(),
                Doubt::NotOurs,
            ),
            (|it| it["sub"] = "".into(), Doubt::NotOurs),
            (
                |it| drop(it.as_object_mut().unwrap().remove("exp")),
                Doubt::NotOurs,
            ),
            (|it| it["exp"] = json!(NOW_MS / 1000 - 61), Doubt::Time),
            (|it| it["nbf"] = json!(NOW_MS / 1000 + 61), Doubt::Time),
            (|it| it["nonce"] = "m".into(), Doubt::Nonce),
            (
                |it| drop(it.as_object_mut().unwrap().remove("nonce")),
                Doubt::Nonce,
            ),
        ] {
            assert_eq!(told(change), Err(doubt));
        }
        let (other, _) = key(2);
        let forged = token(|_| {}, &header(), &other);
        assert_eq!(
            verify(&forged, &keys, expected).unwrap_err(),
            Doubt::NotOurs
        );
        let unknown = Header {
            kid: Some("other".to_owned()),
            ..header()
        };
        let unknown = token(|_| {}, &unknown, &signs);
        assert_eq!(
            verify(&unknown, &keys, expected).unwrap_err(),
            Doubt::UnknownKey
        );
        // By the public key as if it were a shared secret.
        let public = serde_json::to_vec(&keys.keys[0]).unwrap();
        let shared = EncodingKey::from_secret(&public);
        let confused = Header {
            kid: Some("k".to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        let confused = token(|_| {}, &confused, &shared);
        assert_eq!(verify(&confused, &keys, expected).unwrap_err(), Doubt::Form);
        for odd in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
            assert_eq!(verify(odd, &keys, expected).unwrap_err(), Doubt::Form);
        }
    }
}
