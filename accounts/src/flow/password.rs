//! Changing a password, and getting back in without it.

use platform_auth::Identity;
use platform_core::Redacted;
use platform_core::clock::rfc3339;
use tracing::warn;

use super::{Accounts, Origin};
use crate::domain::{check_password, random_secret};
use crate::error::AccountError;
use crate::links::{Link, Purpose};
use crate::store::links::{self, Kind, NewLink};
use crate::store::{sessions, users};

/// How long a link to a new password can be used.
const RESET_MS: i64 = 60 * 60 * 1000;

impl Accounts {
    /// Changes the caller's password and ends their other sessions.
    pub(crate) async fn change_password(
        &self,
        identity: &Identity,
        current: &Redacted,
        new: &Redacted,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let user = self.prove_again(identity, current, from).await?;
        check_password(new.expose(), &user.name).map_err(AccountError::Invalid)?;
        let hash = self.hasher.hash(new, &mut super::fresh()).await?;
        let (user, hash) = (&user, &hash);
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                users::set_password(tx.conn(), &user.id, hash).await?;
                links::drop_of(tx.conn(), &user.id).await?;
                let own = Some(identity.credential.as_str());
                sessions::revoke_all(tx.conn(), &user.id, own, now).await?;
                self.note(&mut tx, from, &user.id, "password changed", &user.id)
                    .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Makes sure that whoever has the caller's session knows the password too.
    pub(super) async fn prove_again(
        &self,
        identity: &Identity,
        password: &Redacted,
        from: &Origin,
    ) -> Result<crate::domain::User, AccountError> {
        let user = self.user(identity.user.as_str()).await?;
        let name = user.name.clone();
        let proven = self.prove(Some(user), &name, password, from).await;
        proven.map_err(|error| match error {
            AccountError::WrongCredentials => AccountError::WrongPassword,
            other => other,
        })
    }

    /// Sends a link to a new password to whoever `typed` is, if there is somebody. It is done after
    /// the answer, so that the answer does not tell.
    pub(crate) fn forgot_password(&self, typed: String, from: Origin) {
        let accounts = self.clone();
        self.lifecycle.spawn(async move {
            if let Err(error) = accounts.send_reset(&typed, &from).await {
                let error: &dyn std::error::Error = &error;
                warn!(error, "no link to a new password was sent");
            }
        });
    }

    async fn send_reset(&self, typed: &str, from: &Origin) -> Result<(), AccountError> {
        self.try_from_place("forgotten from", from).await?;
        let found = self.store.user_called(typed).await?;
        let Some(user) = found.filter(|user| !user.suspended) else {
            return Ok(());
        };
        self.try_once(&[format!("forgotten by {}", user.id)])
            .await?;
        let secret = random_secret(&mut rand::rng());
        let now = self.clock.now_ms();
        let expires_at_ms = now.saturating_add(RESET_MS);
        let link = NewLink {
            kind: Kind::Reset,
            secret: &secret,
            user: Some(&user.id),
            role: None,
            created_at_ms: now,
            expires_at_ms,
        };
        let (link, user) = (&link, &user);
        self.store
            .write(|mut tx| async move {
                // The last one counts, lest many lie around.
                links::drop_of(tx.conn(), &user.id).await?;
                links::insert(tx.conn(), link).await?;
                self.note(&mut tx, from, "", "password forgotten", &user.id)
                    .await?;
                tx.commit().await?;
                Ok::<_, AccountError>(())
            })
            .await?;
        let link = Link {
            purpose: Purpose::Reset {
                user: user.name.clone(),
            },
            email: user.email.clone(),
            path: Redacted::new(format!("/reset-password?token={}", secret.expose())),
            expires_at: rfc3339(expires_at_ms),
        };
        self.links.send(&link).await;
        Ok(())
    }

    /// Gives whoever the link is for another password, and ends all their sessions.
    pub(crate) async fn reset_password(
        &self,
        secret: &Redacted,
        password: &Redacted,
        from: &Origin,
    ) -> Result<(), AccountError> {
        check_password(password.expose(), "").map_err(AccountError::Invalid)?;
        self.try_from_place("reset", from).await?;
        let hash = self.hasher.hash(password, &mut super::fresh()).await?;
        let hash = &hash;
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let link = links::consume(tx.conn(), Kind::Reset, secret, now).await?;
                let id = link.and_then(|link| link.user);
                let id = id.ok_or(AccountError::LinkInvalid)?;
                let user = users::get(tx.conn(), &id).await?;
                let user = user.ok_or(AccountError::LinkInvalid)?;
                check_password(password.expose(), &user.name).map_err(AccountError::Invalid)?;
                users::set_password(tx.conn(), &id, hash).await?;
                links::drop_of(tx.conn(), &id).await?;
                sessions::revoke_all(tx.conn(), &id, None, now).await?;
                self.note(&mut tx, from, &id, "password reset", &id).await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }
}
