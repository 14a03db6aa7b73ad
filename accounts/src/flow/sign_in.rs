//! Signing in.

use platform_core::Redacted;

use super::{Accounts, Origin, SignedIn};
use crate::domain::{RefreshToken, User};
use crate::error::AccountError;
use crate::store::users;

impl Accounts {
    /// Begins a session of whoever `typed` and `password` say. The session of `before`, which the
    /// same browser had, ends (ASVS 7.2.4).
    pub(crate) async fn sign_in(
        &self,
        typed: &str,
        password: &Redacted,
        before: Option<&RefreshToken>,
        from: &Origin,
    ) -> Result<SignedIn, AccountError> {
        let found = self.store.user_called(typed).await?;
        let user = self.prove(found, typed, password, from).await?;
        let (session, refresh) = self.new_session(&user.id, from);
        let (session, user) = (&session, &user);
        let now = self.clock.now_ms();
        let user = self
            .store
            .write(|mut tx| async move {
                // As it is now: it may have been suspended while the password was checked.
                let user = users::get(tx.conn(), &user.id).await?;
                let user = user.ok_or(AccountError::WrongCredentials)?;
                if user.suspended {
                    return Err(AccountError::Suspended);
                }
                users::know_place(tx.conn(), &user.id, &from.place, now).await?;
                if let Some(before) = before {
                    self.end_by_token(&mut tx, before).await?;
                }
                self.open(&mut tx, session, from).await?;
                tx.commit().await?;
                Ok(user)
            })
            .await?;
        self.signed_in(user, session, refresh).await
    }

    /// Makes sure that `password` is that of `found`, who was looked for as `typed`. An unknown user
    /// and a wrong password make the same effort and the same answer.
    pub(super) async fn prove(
        &self,
        found: Option<User>,
        typed: &str,
        password: &Redacted,
        from: &Origin,
    ) -> Result<User, AccountError> {
        let attempt = self.try_sign_in(found.as_ref(), typed, from).await?;
        let stored = found
            .as_ref()
            .map_or(&self.dummy, |user| &user.password_hash);
        let verdict = self.hasher.verify(password, stored).await?;
        let subject = found.as_ref().map_or("", |user| &user.id).to_owned();
        let subject = &subject;
        let Some(user) = found.filter(|_| verdict.matches) else {
            self.tries.failed(&attempt).await?;
            self.store
                .write(|mut tx| async move {
                    self.note(&mut tx, from, "", "sign-in refused", subject)
                        .await?;
                    tx.commit().await?;
                    Ok::<_, AccountError>(())
                })
                .await?;
            return Err(AccountError::WrongCredentials);
        };
        self.tries.succeeded(&attempt).await?;
        if verdict.is_outdated {
            let hash = self.hasher.hash(password, &mut super::fresh()).await?;
            self.store.rehash(&user, &hash).await?;
        }
        Ok(user)
    }
}
