//! Leaving.

use platform_auth::{Identity, Role};
use platform_bus::{Topic, outbox};
use platform_core::Redacted;
use schemas::v1::AccountDeleted;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId};

use super::{Accounts, Origin};
use crate::error::AccountError;
use crate::store::{links, sessions, tokens, users};

impl Accounts {
    /// Deletes the caller's account: ends everything of it, frees the name, and tells all who keep
    /// what the user owned.
    pub(crate) async fn delete_account(
        &self,
        identity: &Identity,
        password: &Redacted,
        from: &Origin,
    ) -> Result<(), AccountError> {
        let user = self.prove_again(identity, password, from).await?;
        let id = &user.id;
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let user = users::get(tx.conn(), id).await?;
                let user = user.ok_or(AccountError::SignedOut)?;
                let is_admin = user.role == Role::Admin && !user.suspended;
                if is_admin && users::admins(tx.conn()).await? <= 1 {
                    return Err(AccountError::LastAdmin);
                }
                sessions::revoke_all(tx.conn(), id, None, now).await?;
                tokens::revoke(tx.conn(), id, None, now).await?;
                links::drop_of(tx.conn(), id).await?;
                users::forget(tx.conn(), id, now).await?;
                let deleted = AccountDeleted { user: id.clone() };
                let told = NewEvent::new(OwnerId::new(id), Payload::AccountDeleted(deleted));
                let told = told.stamp(now, &mut rand::rng());
                outbox::append(&mut tx, Topic::Accounts, id, &told).await?;
                self.note(&mut tx, from, id, "account deleted", id).await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }
}
