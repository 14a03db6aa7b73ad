//! What can be done with accounts, whoever asks.

mod admin;
mod delete;
mod oidc;
mod password;
mod sessions;
mod sign_in;
mod sign_up;
mod throttle;
mod tokens;

use std::sync::Arc;

use platform_auth::SealKey;
use platform_core::{Clock, Lifecycle, Redacted};
use platform_db::Tx;
use platform_passwords::{Hasher, Tries};

use crate::domain::User;
use crate::error::AccountError;
use crate::keys::Keys;
use crate::links::LinkSender;
use crate::oidc::{OidcError, Provider};
use crate::store::Store;
use crate::store::audit::{self, Entry};
use crate::{Config, Deps};

pub(crate) use admin::Standing;
pub(crate) use oidc::{FLOW_MS, tell};
pub(crate) use sessions::SignedIn;
pub(crate) use sign_up::NewUser;
pub(crate) use tokens::{NewToken, make_token};

/// How long an access token lives, seconds.
pub(crate) const ACCESS_S: i64 = 600;

/// From where somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The client's address, as the gateway says.
    pub(crate) address: String,
    /// What its tries are counted by.
    pub(crate) place: String,
    /// What its program calls itself.
    pub(crate) user_agent: String,
}

/// Everybody's accounts.
#[derive(Clone)]
pub(crate) struct Accounts {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Arc<Config>,
    hasher: Hasher,
    tries: Tries,
    /// What passwords of unknown users are compared with, so that it takes as long.
    dummy: Redacted,
    links: Arc<dyn LinkSender>,
    lifecycle: Lifecycle,
    pub(crate) providers: Arc<[Provider]>,
    /// Seals what browsers keep while somebody is at a provider.
    flows: SealKey,
}

impl Accounts {
    pub(crate) async fn new(config: Config, deps: &Deps) -> Result<Self, AccountError> {
        let store = Store::new(&deps.db);
        let hasher = deps.hasher.clone();
        let nobodys = crate::domain::random_secret(&mut rand::rng());
        let dummy = hasher.hash(&nobodys, &mut fresh()).await?;
        let providers = config.oidc.iter().cloned();
        let providers = providers.map(|provider| Provider::new(provider, &deps.origin));
        let providers = providers.collect::<Result<_, OidcError>>()?;
        Ok(Self {
            providers,
            flows: SealKey::derive(&deps.secret, "accounts openid connect")?,
            keys: Keys::new(
                store.clone(),
                SealKey::derive(&deps.secret, "accounts access keys")?,
                Arc::clone(&deps.clock),
                config.key_rotation_days,
            ),
            tries: store.tries(),
            store,
            clock: Arc::clone(&deps.clock),
            config: Arc::new(config),
            hasher,
            dummy,
            links: Arc::clone(&deps.links),
            lifecycle: deps.lifecycle.clone(),
        })
    }

    /// The user, who was there a moment ago.
    pub(crate) async fn user(&self, id: &str) -> Result<User, AccountError> {
        let user = self.store.user(id).await?;
        user.ok_or(AccountError::SignedOut)
    }

    /// Notes in the log of the transaction's changes who made them.
    async fn note(
        &self,
        tx: &mut Tx,
        from: &Origin,
        actor: &str,
        action: &'static str,
        subject: &str,
    ) -> Result<(), AccountError> {
        let entry = Entry {
            at_ms: self.clock.now_ms(),
            actor,
            action,
            subject,
            address: &from.address,
        };
        Ok(audit::insert(tx.conn(), entry).await?)
    }
}

/// Randomness that may be held while one waits: that of the thread may not.
pub(crate) fn fresh() -> rand::rngs::StdRng {
    <rand::rngs::StdRng as rand::SeedableRng>::from_rng(&mut rand::rng())
}
