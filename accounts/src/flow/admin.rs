//! What admins decide.

use platform_auth::{Identity, Role};
use platform_core::Redacted;
use platform_core::clock::rfc3339;
use platform_db::Tx;

use super::{Accounts, Origin};
use crate::domain::{Email, User, random_secret};
use crate::error::AccountError;
use crate::links::{Link, Purpose};
use crate::mail::is_mailable;
use crate::store::links::{self, Kind, NewLink};
use crate::store::{revocations, sessions, tokens, users};

/// How long an invitation can be used.
const INVITATION_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What to change about a user; `None` stays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) role: Option<Role>,
    pub(crate) suspended: Option<bool>,
}

/// A link by which somebody can sign up.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) secret: Redacted,
    pub(crate) expires_at_ms: i64,
}

impl Invitation {
    /// The path of the page on which to use it.
    pub(crate) fn path(&self) -> Redacted {
        Redacted::new(format!("/sign-up?invitation={}", self.secret.expose()))
    }
}

impl Accounts {
    /// Changes what somebody may do. Whoever may do less now is signed out everywhere: their access
    /// tokens say otherwise.
    pub(crate) async fn change_standing(
        &self,
        admin: &Identity,
        id: &str,
        change: Standing,
        from: &Origin,
    ) -> Result<User, AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let before = users::get(tx.conn(), id).await?;
                let before = before.ok_or(AccountError::NotFound(
                    "There is no user with this id. The account may be deleted.",
                ))?;
                let mut after = before.clone();
                after.role = change.role.unwrap_or(before.role);
                after.suspended = change.suspended.unwrap_or(before.suspended);
                let governs = |user: &User| user.role == Role::Admin && !user.suspended;
                if governs(&before) && !governs(&after) && users::admins(tx.conn()).await? <= 1 {
                    return Err(AccountError::LastAdmin);
                }
                users::set_standing(tx.conn(), id, after.role, after.suspended).await?;
                if after.role < before.role || (after.suspended && !before.suspended) {
                    sessions::revoke_all(tx.conn(), id, None, now).await?;
                }
                if after.suspended != before.suspended {
                    refuse_tokens(&mut tx, &after, now).await?;
                }
                let actor = admin.user.as_str();
                if after.role != before.role {
                    self.note(&mut tx, from, actor, became(after.role), id)
                        .await?;
                }
                if after.suspended != before.suspended {
                    let action = if after.suspended {
                        "suspended"
                    } else {
                        "reinstated"
                    };
                    self.note(&mut tx, from, actor, action, id).await?;
                }
                tx.commit().await?;
                Ok(after)
            })
            .await
    }

    /// Ends all sessions of the user `id`.
    pub(crate) async fn end_sessions_of(
        &self,
        admin: &Identity,
        id: &str,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let user = users::get(tx.conn(), id).await?;
                user.ok_or(AccountError::NotFound(
                    "There is no user with this id. The account may be deleted.",
                ))?;
                sessions::revoke_all(tx.conn(), id, None, now).await?;
                let actor = admin.user.as_str();
                self.note(&mut tx, from, actor, "sessions ended", id)
                    .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Makes an invitation to become a user with `role`, and mails it to `email`, if given.
    pub(crate) async fn invite(
        &self,
        admin: &Identity,
        role: Role,
        email: Option<&str>,
        from: &Origin,
    ) -> Result<Invitation, AccountError> {
        let email = email.map(|text| self.address(text)).transpose()?;
        let secret = random_secret(&mut rand::rng());
        let now = self.clock.now_ms();
        let expires_at_ms = now.saturating_add(INVITATION_MS);
        let link = NewLink {
            kind: Kind::Invitation,
            secret: &secret,
            user: None,
            role: Some(role),
            created_at_ms: now,
            expires_at_ms,
        };
        let link = &link;
        self.store
            .write(|mut tx| async move {
                links::insert(tx.conn(), link).await?;
                let actor = admin.user.as_str();
                self.note(&mut tx, from, actor, "invitation made", role.name())
                    .await?;
                tx.commit().await?;
                Ok::<_, AccountError>(())
            })
            .await?;
        let invitation = Invitation {
            secret,
            expires_at_ms,
        };
        if email.is_some() {
            let link = Link {
                purpose: Purpose::Invitation,
                email,
                path: invitation.path(),
                expires_at: rfc3339(expires_at_ms),
            };
            self.links.send(&link).await;
        }
        Ok(invitation)
    }

    /// The address `text`, if letters reach it.
    fn address(&self, text: &str) -> Result<String, AccountError> {
        if !self.links.is_mail() {
            return Err(AccountError::Invalid(
                "This site sends no mail: leave the address out, and pass the link on yourself."
                    .to_owned(),
            ));
        }
        let email = Email::new(text).map_err(AccountError::Invalid)?;
        if !is_mailable(email.as_str()) {
            return Err(AccountError::Invalid(
                "The e-mail address is not valid: write it as name@example.org.".to_owned(),
            ));
        }
        Ok(email.as_str().to_owned())
    }
}

/// Tells that the tokens of `user`, who is suspended, are not to be accepted, or takes it back. They
/// are not revoked: they work again when the user is back.
async fn refuse_tokens(tx: &mut Tx, user: &User, now_ms: i64) -> Result<(), AccountError> {
    for token in tokens::ids(tx.conn(), &user.id).await? {
        if user.suspended {
            revocations::insert(tx.conn(), &token, now_ms).await?;
        } else {
            revocations::remove(tx.conn(), &token).await?;
        }
    }
    Ok(())
}

fn became(role: Role) -> &'static str {
    match role {
        Role::Viewer => "made viewer",
        Role::Uploader => "made uploader",
        Role::Moderator => "made moderator",
        Role::Admin => "made admin",
    }
}
