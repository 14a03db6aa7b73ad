//! One provider: what it says of itself, and what is asked of it.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::JwkSet;
use platform_core::{Redacted, secret};
use rand::RngCore;
use reqwest::header;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::{self, Serializer};

use super::config::is_safe;
use super::token::{self, Claims, Doubt, Expected};
use super::{Oidc, OidcError};
use crate::domain::random_secret;

/// How long it may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// What it says of itself is asked for again after this time.
const KNOWN_MS: i64 = 60 * 60 * 1000;
/// Keys that nobody knew are asked for as often as this: anybody can name one.
const KEYS_AGAIN_MS: i64 = 10_000;

/// A provider. Clones share what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) config: Arc<Oidc>,
    secret: Option<Redacted>,
    redirect_uri: String,
    http: reqwest::Client,
    known: Arc<Mutex<Option<Known>>>,
}

/// What a provider says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Clone, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    /// RFC 9207.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Debug, Clone)]
struct Known {
    description: Description,
    keys: JwkSet,
    at_ms: i64,
    keys_at_ms: i64,
}

/// What only the browser that began may end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) state: String,
    nonce: String,
    verifier: String,
}

/// What the provider sent the browser back with (RFC 6749, section 4.1.2).
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Answer {
    /// What the tokens are had for, once.
    #[param(value_type = Option<String>)]
    code: Option<Redacted>,
    /// What was sent along.
    pub(crate) state: Option<String>,
    /// The provider's identifier (RFC 9207).
    iss: Option<String>,
    /// Why not.
    error: Option<String>,
}

/// Whom a provider has recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Never given to anybody else by this issuer.
    pub(crate) subject: String,
    /// What they would like to be called.
    pub(crate) name: Option<String>,
    pub(crate) display_name: Option<String>,
    /// Their address, if the provider has verified it.
    pub(crate) email: Option<String>,
}

impl Provider {
    /// The provider that `config` names, for the site at `origin`.
    pub(crate) fn new(config: Oidc, origin: &str) -> Result<Self, OidcError> {
        config.check()?;
        let secret = config.client_secret_file.as_deref();
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            // The code and the secret go where the description says, and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            secret: secret.map(secret::read_configured).transpose()?,
            redirect_uri: format!("{origin}/api/accounts/oidc/{}/callback", config.id),
            config: Arc::new(config),
            http,
            known: Arc::default(),
        })
    }

    /// Where to send a browser that wants to sign in, and what to remember of it.
    pub(crate) async fn begin(
        &self,
        now_ms: i64,
        rng: &mut (dyn RngCore + Send),
    ) -> Result<(Url, Begun), OidcError> {
        let known = self.known(now_ms, false).await?;
        let mut fresh = || random_secret(rng).expose().to_owned();
        let begun = Begun {
            state: fresh(),
            nonce: fresh(),
            verifier: fresh(),
        };
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(begun.verifier.as_bytes()));
        let mut url = known.description.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.scope())
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((url, begun))
    }

    fn scope(&self) -> String {
        let more = self.config.scopes.iter().filter(|it| *it != "openid");
        more.fold("openid".to_owned(), |all, it| format!("{all} {it}"))
    }

    /// Who came back with `answer` to what `begun` began.
    pub(crate) async fn end(
        &self,
        answer: &Answer,
        begun: &Begun,
        now_ms: i64,
    ) -> Result<Person, OidcError> {
        if answer.state.as_deref() != Some(begun.state.as_str()) {
            return Err(OidcError::Stray);
        }
        let known = self.known(now_ms, false).await?;
        let promised = known
            .description
            .authorization_response_iss_parameter_supported;
        match &answer.iss {
            Some(issuer) if *issuer != self.config.issuer => return Err(OidcError::Stray),
            None if promised => return Err(OidcError::Stray),
            _ => {}
        }
        if let Some(code) = &answer.error {
            return Err(OidcError::Refused(legible(code)));
        }
        let code = answer.code.as_ref().ok_or(OidcError::Stray)?;
        let token = self.exchange(&known.description, code, begun).await?;
        let claims = self.believe(&token, begun, known, now_ms).await?;
        Ok(Person {
            email: claims.email.filter(|_| claims.email_verified),
            subject: claims.sub,
            name: claims.preferred_username,
            display_name: claims.name,
        })
    }

    /// The ID token for `code` (RFC 6749, section 4.1.3).
    async fn exchange(
        &self,
        description: &Description,
        code: &Redacted,
        begun: &Begun,
    ) -> Result<Redacted, OidcError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose())
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &begun.verifier);
        let mut request = self.http.post(description.token_endpoint.clone());
        let methods = &description.token_endpoint_auth_methods_supported;
        let has = |method: &str| methods.iter().any(|it| it == method);
        match &self.secret {
            Some(secret) if has("client_secret_post") && !has("client_secret_basic") => {
                form.append_pair("client_id", &self.config.client_id)
                    .append_pair("client_secret", secret.expose());
            }
            Some(secret) => {
                let encoded = |text: &str| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                };
                let id = encoded(&self.config.client_id);
                request = request.basic_auth(id, Some(encoded(secret.expose())));
            }
            None => {
                form.append_pair("client_id", &self.config.client_id);
            }
        }
        let kind = "application/x-www-form-urlencoded";
        let request = request.header(header::CONTENT_TYPE, kind);
        let answer = request.body(form.finish()).send().await?;
        if answer.status().is_client_error() {
            let refusal: Refusal = answer.json().await?;
            return Err(OidcError::Refused(legible(&refusal.error)));
        }
        let tokens: Tokens = answer.error_for_status()?.json().await?;
        Ok(tokens.id_token)
    }

    /// What `token` says, with the keys that the provider has now if it names one that is new.
    async fn believe(
        &self,
        token: &Redacted,
        begun: &Begun,
        known: Known,
        now_ms: i64,
    ) -> Result<Claims, OidcError> {
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &begun.nonce,
            now_ms,
        };
        let mut told = token::verify(token.expose(), &known.keys, expected);
        if matches!(told, Err(Doubt::UnknownKey)) {
            let known = self.known(now_ms, true).await?;
            told = token::verify(token.expose(), &known.keys, expected);
        }
        told.map_err(|doubt| OidcError::Doubt(doubt.to_string()))
    }

    /// What the provider says of itself, asked for again when that is long ago, or when it may
    /// have other keys.
    async fn known(&self, now_ms: i64, other_keys: bool) -> Result<Known, OidcError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref() {
            let is_fresh = (known.at_ms..known.at_ms + KNOWN_MS).contains(&now_ms);
            let may_ask = now_ms >= known.keys_at_ms.saturating_add(KEYS_AGAIN_MS);
            if is_fresh && !(other_keys && may_ask) {
                return Ok(known.clone());
            }
        }
        let place = self.config.issuer.trim_end_matches('/');
        let place = format!("{place}/.well-known/openid-configuration");
        let description: Description = self.get(&place).await?;
        if description.issuer != self.config.issuer {
            return Err(OidcError::Odd("it has another issuer"));
        }
        let places = [
            &description.authorization_endpoint,
            &description.token_endpoint,
            &description.jwks_uri,
        ];
        if !places.into_iter().all(is_safe) {
            return Err(OidcError::Odd("an address of it is not https"));
        }
        let keys = self.get(description.jwks_uri.as_str()).await?;
        let fresh = Known {
            description,
            keys,
            at_ms: now_ms,
            keys_at_ms: now_ms,
        };
        Ok(known.insert(fresh).clone())
    }

    async fn get<T: DeserializeOwned>(&self, place: &str) -> Result<T, OidcError> {
        let answer = self.http.get(place).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Redacted,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// A code of a provider, or of whoever made a browser say so, fit for a log.
fn legible(code: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    code.chars().filter(plain).take(40).collect()
}
