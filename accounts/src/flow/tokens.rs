//! API tokens, and what services ask about credentials.

use std::collections::BTreeSet;

use platform_auth::{Identity, Scope};
use platform_core::Redacted;
use platform_core::text::is_not_for_reading;
use schemas::OwnerId;

use super::{Accounts, Origin};
use crate::domain::{API_TOKEN, User, allows, api_token, digest, random_id};
use crate::error::AccountError;
use crate::store::Store;
use crate::store::audit::{self, Entry};
use crate::store::tokens::{self, ApiToken};

/// Most tokens of one user.
const MOST: i64 = 50;
/// Longest name of a token, in characters.
const LONGEST_NAME: usize = 60;
/// A token's last use is noted as often as this.
const NOTED_MS: i64 = 60_000;
/// What was revoked within this time is told: longer than an access token lives, and clocks differ.
const TOLD_MS: i64 = 12 * 60 * 1000;

/// A token that somebody wants.
#[derive(Debug)]
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) expires_at_ms: Option<i64>,
}

/// What was revoked lately.
#[derive(Debug)]
pub(crate) struct Revocations {
    pub(crate) credentials: Vec<String>,
    pub(crate) as_of_ms: i64,
}

impl Accounts {
    /// Makes an API token for the caller. Its secret is not to be had again.
    pub(crate) async fn create_token(
        &self,
        identity: &Identity,
        new: NewToken,
        from: &Origin,
    ) -> Result<(ApiToken, Redacted), AccountError> {
        let user = self.user(identity.user.as_str()).await?;
        let now = self.clock.now_ms();
        make_token(&self.store, &user, new, &from.address, now).await
    }

    /// Ends one of the caller's API tokens.
    pub(crate) async fn delete_token(
        &self,
        identity: &Identity,
        id: &str,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let user = identity.user.as_str();
                if id.is_empty() || !tokens::revoke(tx.conn(), user, Some(id), now).await? {
                    return Err(AccountError::NotFound(
                        "There is no token with this id. It may be deleted already.",
                    ));
                }
                self.note(&mut tx, from, user, "token deleted", id).await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Who asks by the API token `secret`, if it is one.
    pub(crate) async fn check_token(
        &self,
        secret: &Redacted,
    ) -> Result<Option<Identity>, AccountError> {
        let now = self.clock.now_ms();
        if !secret.expose().starts_with(API_TOKEN) {
            return Ok(None);
        }
        let token = self.store.token(&digest(secret)).await?;
        let is_valid = |token: &ApiToken| token.expires_at_ms.is_none_or(|at| now < at);
        let Some(token) = token.filter(is_valid) else {
            return Ok(None);
        };
        let user = self.store.user(&token.user).await?;
        let Some(user) = user.filter(|user| !user.suspended) else {
            return Ok(None);
        };
        if token
            .used_at_ms
            .is_none_or(|at| now >= at.saturating_add(NOTED_MS))
        {
            self.store.note_used(&token.id, now).await?;
        }
        Ok(Some(Identity {
            user: OwnerId::new(user.id),
            role: user.role,
            scopes: token.scopes,
            credential: token.id,
        }))
    }

    /// What was revoked after `since_ms`; otherwise so lately that access tokens of it may still be
    /// about.
    pub(crate) async fn revocations(
        &self,
        since_ms: Option<i64>,
    ) -> Result<Revocations, AccountError> {
        let as_of_ms = self.clock.now_ms();
        let since = since_ms.unwrap_or_else(|| as_of_ms.saturating_sub(TOLD_MS));
        Ok(Revocations {
            credentials: self.store.revoked(since).await?,
            as_of_ms,
        })
    }
}

/// Makes an API token for `user`, as somebody at `address` wants.
pub(crate) async fn make_token(
    store: &Store,
    user: &User,
    new: NewToken,
    address: &str,
    now: i64,
) -> Result<(ApiToken, Redacted), AccountError> {
    let name = new.name.trim();
    if name.is_empty()
        || name.chars().count() > LONGEST_NAME
        || name.chars().any(is_not_for_reading)
    {
        return Err(AccountError::Invalid(format!(
            "The token's name has to be one line of 1 to {LONGEST_NAME} characters."
        )));
    }
    if new.scopes.is_empty() {
        return Err(AccountError::Invalid(
            "Say what the token is for: choose scopes.".to_owned(),
        ));
    }
    if !new.scopes.iter().all(|scope| allows(user.role, *scope)) {
        return Err(AccountError::Forbidden(
            "A token cannot be for more than you may do yourself.",
        ));
    }
    if new.expires_at_ms.is_some_and(|at| at <= now) {
        return Err(AccountError::Invalid(
            "The token would be over already: choose a later time.".to_owned(),
        ));
    }
    let secret = api_token(&mut rand::rng());
    let token = ApiToken {
        id: random_id(&mut rand::rng()),
        user: user.id.clone(),
        name: name.to_owned(),
        scopes: new.scopes,
        hash: digest(&secret),
        created_at_ms: now,
        used_at_ms: None,
        expires_at_ms: new.expires_at_ms,
    };
    let added = &token;
    store
        .write(|mut tx| async move {
            if tokens::count(tx.conn(), &added.user).await? >= MOST {
                return Err(AccountError::Invalid(format!(
                    "There are {MOST} tokens already: delete one that is not used any more."
                )));
            }
            tokens::insert(tx.conn(), added).await?;
            let entry = Entry {
                at_ms: now,
                actor: &added.user,
                action: "token made",
                subject: &added.id,
                address,
            };
            audit::insert(tx.conn(), entry).await?;
            tx.commit().await?;
            Ok(())
        })
        .await?;
    Ok((token, secret))
}
