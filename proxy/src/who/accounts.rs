//! What the gateway knows from accounts: the keys of access tokens, what was revoked, and which API
//! tokens are good.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use platform_auth::{AccessVerifier, Identity};
use platform_core::{Clock, Lifecycle};
use platform_http::{CallError, Client, Service};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::credential::Credential;

/// Between two looks at what was revoked. With [`PATIENCE`] it stays below the five seconds after
/// which nothing revoked is accepted.
const EVERY: Duration = Duration::from_secs(2);

/// The same while nothing has been heard yet, and everybody with a credential waits for it.
const AT_FIRST: Duration = Duration::from_millis(200);

/// How long accounts may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two fetches of the keys.
const KEYS_EVERY: Duration = Duration::from_mins(5);

/// The same when a token names a key that is not known: anybody can write such tokens.
const KEYS_AT_MOST_EVERY: Duration = Duration::from_secs(5);

/// How long an answer about an API token is good for.
const CHECKED_FOR: Duration = Duration::from_secs(2);

/// Answers that are kept at most.
const MAX_CHECKED: usize = 10_000;

/// Why somebody is not recognised.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The credential is none, or not any more.
    SignedOut,
    /// It cannot be told at the moment.
    Unknown(Silence),
}

/// Accounts said nothing of use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Silence {
    /// Not a word since the gateway began.
    #[error("accounts has not been heard yet")]
    NotYet,
    /// It gave no answer.
    #[error("accounts gave no answer")]
    Call(#[from] CallError),
    /// It gave another answer than it should.
    #[error("accounts gave no answer of use")]
    Answer(#[from] reqwest::Error),
}

#[derive(Debug, Deserialize)]
struct Revocations {
    credentials: HashSet<String>,
}

/// The keys, and when they were last asked for.
#[derive(Debug, Default)]
struct Keys {
    verifier: Option<Arc<AccessVerifier>>,
    asked: Option<Instant>,
    /// Whether they came then.
    came: bool,
}

/// What was said of an API token, and when.
#[derive(Debug, Clone)]
struct Checked {
    identity: Option<Identity>,
    at: Instant,
}

/// Recognises people with the help of accounts. Shared by all threads.
pub(crate) struct Accounts {
    client: Client,
    clock: Arc<dyn Clock>,
    keys: RwLock<Keys>,
    /// One fetch of the keys at a time; those who come meanwhile see what it brought.
    fetching: tokio::sync::Mutex<()>,
    /// What was revoked lately; absent until accounts has been heard.
    revoked: RwLock<Option<HashSet<String>>>,
    /// By the digest of the token.
    checked: Mutex<HashMap<[u8; 32], Checked>>,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

impl Accounts {
    pub(crate) fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            clock,
            keys: RwLock::default(),
            fetching: tokio::sync::Mutex::default(),
            revoked: RwLock::default(),
            checked: Mutex::default(),
        }
    }

    /// Listens to what is revoked, until `lifecycle` drains.
    pub(crate) async fn listen(self: Arc<Self>, lifecycle: Lifecycle) {
        let mut heard = true;
        loop {
            let told = self.hear().await;
            if let Err(error) = &told
                && heard
            {
                let error: &dyn std::error::Error = error;
                tracing::warn!(
                    error,
                    "accounts is away: who is signed in stays so until their token expires"
                );
            } else if told.is_ok() && !heard {
                tracing::info!("accounts is back");
            }
            heard = told.is_ok();
            let pause = if self.has_heard() { EVERY } else { AT_FIRST };
            tokio::select! {
                () = lifecycle.draining() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn hear(&self) -> Result<(), Silence> {
        let told: Revocations = self.get("/internal/accounts/revocations").await?;
        let due = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            !keys.came || keys.asked.is_none_or(|asked| asked.elapsed() >= KEYS_EVERY)
        };
        if due {
            let _one = self.fetching.lock().await;
            self.fetch_keys().await?;
        }
        *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = Some(told.credentials);
        Ok(())
    }

    fn has_heard(&self) -> bool {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.is_some()
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Silence> {
        let asked = self
            .client
            .get(Service::Accounts, path, |request| request.timeout(PATIENCE));
        Ok(asked.await?.error_for_status()?.json().await?)
    }

    async fn fetch_keys(&self) -> Result<(), Silence> {
        let published = self.get("/internal/accounts/keys").await;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.asked = Some(Instant::now());
        keys.came = published.is_ok();
        keys.verifier = Some(Arc::new(AccessVerifier::new(&published?)));
        Ok(())
    }

    /// Who shows `credential`.
    pub(crate) async fn recognise(&self, credential: &Credential) -> Result<Identity, Refusal> {
        // Without it, something that was revoked before a restart would be good again.
        if !self.has_heard() {
            return Err(Refusal::Unknown(Silence::NotYet));
        }
        let identity = match credential {
            Credential::Access(token) => self.by_access_token(token).await?,
            Credential::Api(token) => self.by_api_token(token).await?,
            Credential::None | Credential::Unreadable => return Err(Refusal::SignedOut),
        };
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        let is_revoked = |all: &HashSet<String>| all.contains(&identity.credential);
        if revoked.as_ref().is_none_or(is_revoked) {
            return Err(Refusal::SignedOut);
        }
        Ok(identity)
    }

    async fn by_access_token(&self, token: &str) -> Result<Identity, Refusal> {
        let key = AccessVerifier::key_of(token).ok_or(Refusal::SignedOut)?;
        let verifier = self.verifier_for(&key).await?;
        let told = verifier.verify(token, self.clock.now_ms());
        told.map_err(|_error| Refusal::SignedOut)
    }

    /// What checks tokens that were signed with `key`.
    async fn verifier_for(&self, key: &str) -> Result<Arc<AccessVerifier>, Refusal> {
        if let Some(verifier) = self.known(key) {
            return Ok(verifier);
        }
        let _one = self.fetching.lock().await;
        if let Some(verifier) = self.known(key) {
            return Ok(verifier);
        }
        let (asked, came) = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            (keys.asked, keys.came)
        };
        if asked.is_none_or(|asked| asked.elapsed() >= KEYS_AT_MOST_EVERY) {
            self.fetch_keys().await.map_err(Refusal::Unknown)?;
        } else if !came {
            return Err(Refusal::Unknown(Silence::NotYet));
        }
        self.known(key).ok_or(Refusal::SignedOut)
    }

    fn known(&self, key: &str) -> Option<Arc<AccessVerifier>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.verifier.clone().filter(|verifier| verifier.knows(key))
    }

    async fn by_api_token(&self, token: &str) -> Result<Identity, Refusal> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let known = {
            let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
            checked.get(&digest).cloned()
        };
        let fresh = known.filter(|known| known.at.elapsed() < CHECKED_FOR);
        let identity = match fresh {
            Some(known) => known.identity,
            None => self.check(token, digest).await.map_err(Refusal::Unknown)?,
        };
        identity.ok_or(Refusal::SignedOut)
    }

    async fn check(&self, token: &str, digest: [u8; 32]) -> Result<Option<Identity>, Silence> {
        // As of when it was asked: what is revoked meanwhile is not accepted longer for it.
        let at = Instant::now();
        let path = "/internal/accounts/tokens/check";
        let with = |request: reqwest::RequestBuilder| {
            request.timeout(PATIENCE).json(&json!({ "token": token }))
        };
        let asked = self
            .client
            .send(Method::POST, Service::Accounts, path, with);
        let answer = asked.await?;
        let identity = match answer.status() {
            StatusCode::NOT_FOUND => None,
            _ => Some(answer.error_for_status()?.json().await?),
        };
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= MAX_CHECKED {
            checked.retain(|_, known| known.at.elapsed() < CHECKED_FOR);
        }
        if checked.len() < MAX_CHECKED {
            let identity = identity.clone();
            checked.insert(digest, Checked { identity, at });
        }
        Ok(identity)
    }
}
