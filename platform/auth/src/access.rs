//! Access tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037), checked with published keys
//! (JWKS, RFC 7517). Short-lived: what ends sooner is told by revocations.

use aws_lc_rs::signature::Ed25519KeyPair;
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::{Identity, TokenError};

/// By how much clocks of machines may differ, milliseconds.
pub const LEEWAY_MS: i64 = 60_000;

/// `typ` of RFC 9068: an access token is taken for nothing else, and nothing else for one.
const TYPE: &str = "at+jwt";

/// Who signs, and for whom.
const ISSUER: &str = "marquee";

/// Octets before the 32 of the seed in PKCS #8 (RFC 8410, section 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    /// Seconds since the epoch.
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    identity: Identity,
}

/// A key that signs access tokens.
#[derive(Clone)]
pub struct AccessKey {
    id: String,
    seed: [u8; 32],
    signs: EncodingKey,
    public: Jwk,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl AccessKey {
    /// A fresh key.
    pub fn random(rng: &mut dyn RngCore) -> Result<Self, TokenError> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let mut id = [0; 9];
        rng.fill_bytes(&mut id);
        Self::new(BASE64URL_NOPAD.encode(&id), seed)
    }

    /// The key called `id` that `seed` (RFC 8032, section 5.1.5) makes.
    pub fn new(id: impl Into<String>, seed: [u8; 32]) -> Result<Self, TokenError> {
        let id = id.into();
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_error| TokenError::Invalid)?;
        let signs = EncodingKey::from_ed_der(&[PKCS8.as_slice(), &seed].concat());
        let mut public = Jwk::from_encoding_key(&signs, Algorithm::EdDSA)
            .map_err(|_error| TokenError::Invalid)?;
        public.common.key_id = Some(id.clone());
        Ok(Self {
            id,
            seed,
            signs,
            public,
        })
    }

    /// Its name in tokens (`kid`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is made from: the secret.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

/// The keys of an issuer: the newest signs, all are published.
#[derive(Debug, Clone)]
pub struct AccessKeys {
    newest: AccessKey,
    older: Vec<AccessKey>,
}

impl AccessKeys {
    /// `newest` signs; tokens that `older` ones signed are still accepted.
    pub fn new(newest: AccessKey, older: Vec<AccessKey>) -> Self {
        Self { newest, older }
    }

    /// A token that says who `identity` is for `lifetime_s` seconds from `now_ms`.
    pub fn sign(
        &self,
        identity: &Identity,
        now_ms: i64,
        lifetime_s: i64,
    ) -> Result<String, TokenError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.newest.id.clone());
        let iat = now_ms / 1000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: identity.user.as_str().to_owned(),
            iat,
            exp: iat.saturating_add(lifetime_s),
            identity: identity.clone(),
        };
        jsonwebtoken::encode(&header, &claims, &self.newest.signs)
            .map_err(|_error| TokenError::Invalid)
    }

    /// The public keys, a JSON document (RFC 7517, section 5).
    pub fn published(&self) -> JwkSet {
        let all = std::iter::once(&self.newest).chain(&self.older);
        JwkSet {
            keys: all.map(|key| key.public.clone()).collect(),
        }
    }
}

/// Checks access tokens with the published keys.
#[derive(Debug, Clone, Default)]
pub struct AccessVerifier {
    keys: Vec<(String, DecodingKeyOf)>,
}

#[derive(Clone)]
struct DecodingKeyOf(DecodingKey);

impl std::fmt::Debug for DecodingKeyOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a public key")
    }
}

impl AccessVerifier {
    /// With the Ed25519 keys of `published`; others are left out.
    pub fn new(published: &JwkSet) -> Self {
        let key = |jwk: &Jwk| {
            let id = jwk.common.key_id.clone()?;
            let is_ours = jwk.common.key_algorithm == Some(KeyAlgorithm::EdDSA);
            let key = DecodingKey::from_jwk(jwk).ok()?;
            is_ours.then_some((id, DecodingKeyOf(key)))
        };
        Self {
            keys: published.keys.iter().filter_map(key).collect(),
        }
    }

    /// Whether it can check tokens that name the key `id`.
    pub fn knows(&self, id: &str) -> bool {
        self.keys.iter().any(|(known, _)| known == id)
    }

    /// Which key `token` says that it was signed with. Nothing of it is checked.
    pub fn key_of(token: &str) -> Option<String> {
        jsonwebtoken::decode_header(token).ok()?.kid
    }

    /// Who `token` says is asking at `now_ms`.
    ///
    /// Only the algorithm and the keys that this verifier was made with count, whatever the
    /// token's header says (RFC 8725, sections 3.1 to 3.3 and 3.11).
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Identity, TokenError> {
        let invalid = |_error| TokenError::Invalid;
        let header = jsonwebtoken::decode_header(token).map_err(invalid)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(TokenError::Invalid);
        }
        let id = header.kid.ok_or(TokenError::Invalid)?;
        let found = self.keys.iter().find(|(known, _)| *known == id);
        let (_, DecodingKeyOf(key)) = found.ok_or(TokenError::Invalid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // By the clock that is given, below.
        validation.validate_exp = false;
        let data = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(invalid)?;
        let claims = data.claims;
        if claims.sub != claims.identity.user.as_str() {
            return Err(TokenError::Invalid);
        }
        if claims.iat.saturating_mul(1000) > now_ms.saturating_add(LEEWAY_MS) {
            return Err(TokenError::Invalid);
        }
        if now_ms >= claims.exp.saturating_mul(1000) {
            return Err(TokenError::Expired);
        }
        Ok(claims.identity)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use aws_lc_rs::signature::KeyPair as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::Role;

    const NOW: i64 = 1_800_000_000_000;

    fn keys() -> AccessKeys {
        let key = |id, byte| AccessKey::new(id, [byte; 32]).unwrap();
        AccessKeys::new(key("new", 2), vec![key("old", 1)])
    }

    fn verifier() -> AccessVerifier {
        AccessVerifier::new(&keys().published())
    }

    #[test]
    fn a_token_says_who_asks_until_it_expires() {
        let token = keys().sign(&Identity::local(), NOW, 600).unwrap();
        let verified = verifier().verify(&token, NOW + 599_999).unwrap();
        assert_eq!(verified, Identity::local());
        let late = verifier().verify(&token, NOW + 600_000);
        assert!(matches!(late, Err(TokenError::Expired)));
        // Of a machine whose clock is far ahead.
        let early = verifier().verify(&token, NOW - LEEWAY_MS - 1000);
        assert!(matches!(early, Err(TokenError::Invalid)));
    }

    #[test]
    fn keys_rotate() {
        let before = AccessKeys::new(AccessKey::new("old", [1; 32]).unwrap(), Vec::new());
        let token = before.sign(&Identity::local(), NOW, 600).unwrap();
        assert!(verifier().verify(&token, NOW).is_ok());
        assert_eq!(AccessVerifier::key_of(&token).as_deref(), Some("old"));
        let after = AccessKeys::new(AccessKey::new("new", [2; 32]).unwrap(), Vec::new());
        let after = AccessVerifier::new(&after.published());
        assert!(!after.knows("old") && after.verify(&token, NOW).is_err());
    }

    /// Makes the signature of a message.
    type Sign = fn(&[u8]) -> Vec<u8>;

    /// `object` with what `changes` has.
    fn changed(mut object: Value, changes: &Value) -> Value {
        for (key, value) in changes.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    }

    /// A good token, but for what is changed in its header and claims before `sign` signs it.
    fn forged(header: &Value, claims: &Value, sign: Sign) -> String {
        let good = keys().sign(&Identity::local(), NOW, 600).unwrap();
        let read = |part: &str| {
            let json = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
            serde_json::from_slice(&json).unwrap()
        };
        let write = |json: Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
        let mut parts = good.split('.').map(str::to_owned);
        let mut part = |changes| write(changed(read(&parts.next().unwrap()), changes));
        let message = format!("{}.{}", part(header), part(claims));
        let signature = BASE64URL_NOPAD.encode(&sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn ours(message: &[u8]) -> Vec<u8> {
        pair(2).sign(message).as_ref().to_vec()
    }

    fn another(message: &[u8]) -> Vec<u8> {
        pair(9).sign(message).as_ref().to_vec()
    }

    /// As who takes our public key for a secret that both sides know.
    fn hmac_by_public_key(message: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, pair(2).public_key().as_ref());
        hmac::sign(&key, message).as_ref().to_vec()
    }

    fn assert_refused(token: &str) {
        let answer = verifier().verify(token, NOW);
        assert!(matches!(answer, Err(TokenError::Invalid)), "{token}");
    }

    #[test]
    fn a_header_decides_nothing() {
        let as_it_is = forged(&json!({}), &json!({}), ours);
        verifier().verify(&as_it_is, NOW).unwrap();
        let unsigned = |_: &[u8]| Vec::new();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"});
        let forgeries: [(Value, Sign); 12] = [
            (json!({"alg": "none"}), unsigned),
            (json!({"alg": "None"}), unsigned),
            (json!({}), unsigned),
            (json!({}), another),
            (json!({"alg": "HS256"}), hmac_by_public_key),
            (json!({"alg": "RS256"}), ours),
            (json!({"kid": "../../dev/null"}), ours),
            (json!({"kid": "mine", "jwk": jwk}), another),
            (json!({"kid": "mine", "jku": "http://127.0.0.1/"}), another),
            (json!({"kid": "mine", "x5u": "http://127.0.0.1/"}), another),
            (json!({"kid": null}), ours),
            (json!({"typ": "JWT"}), ours),
        ];
        for (header, sign) in forgeries {
            assert_refused(&forged(&header, &json!({}), sign));
        }
    }

    #[test]
    fn what_is_meant_for_something_else_or_was_changed_is_refused() {
        for claims in [
            json!({"aud": "edge"}),
            json!({"iss": "else"}),
            json!({"sub": "root"}),
            json!({"exp": null}),
            json!({"exp": "never"}),
            json!({"role": "root"}),
        ] {
            assert_refused(&forged(&json!({}), &claims, ours));
        }
        let uploader = Identity {
            role: Role::Uploader,
            ..Identity::local()
        };
        let low = keys().sign(&uploader, NOW, 600).unwrap();
        let high = keys().sign(&Identity::local(), NOW, 600).unwrap();
        let (message, _) = high.rsplit_once('.').unwrap();
        let (_, signature) = low.rsplit_once('.').unwrap();
        assert_refused(&format!("{message}.{signature}"));
        for text in ["", ".", "..", "a.b.c", "mqt_0123", &"x".repeat(100_000)] {
            assert_refused(text);
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = AccessKey::new("k", [7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), r#"AccessKey { id: "k", .. }"#);
    }
}
