//! Who has to wait before the next try.

use super::{Accounts, Origin};
use crate::domain::{User, digest, random_id, wait_ms};
use crate::error::AccountError;
use crate::store::attempts;

/// A try that is counted until it is known to have succeeded.
#[derive(Debug)]
pub(super) struct Try(pub(super) String);

impl Accounts {
    /// Counts a try to sign in as `typed`, who is `user` if there is one, or says how long to wait.
    ///
    /// Where the user has signed in before, tries are counted apart from those of strangers: who
    /// guesses somebody's password elsewhere makes only others wait.
    pub(super) async fn try_sign_in(
        &self,
        user: Option<&User>,
        typed: &str,
        from: &Origin,
    ) -> Result<Try, AccountError> {
        // Unknown users are counted and looked for in the same way, lest it tells them apart.
        let typed = platform_core::Redacted::new(typed.trim().to_lowercase());
        let whose = user.map_or_else(|| digest(&typed), |user| user.id.clone());
        let account = if self.store.knows_place(&whose, &from.place).await? {
            format!("account {whose} from {}", from.place)
        } else {
            format!("account {whose}")
        };
        self.try_once(&[account, format!("address {}", from.place)])
            .await
    }

    /// Counts a try of something that strangers can do, such as `what`, by where they are.
    pub(super) async fn try_from_place(
        &self,
        what: &'static str,
        from: &Origin,
    ) -> Result<Try, AccountError> {
        self.try_once(&[format!("{what} {}", from.place)]).await
    }

    /// Counts a try in all `buckets`, or says how long to wait. It is counted before its outcome is
    /// known: many at the same moment are no way around.
    pub(super) async fn try_once(&self, buckets: &[String]) -> Result<Try, AccountError> {
        let now = self.clock.now_ms();
        self.store
            .write(|mut tx| async move {
                let mut wait = None;
                for bucket in buckets {
                    let recent = attempts::recent(tx.conn(), bucket, now).await?;
                    wait = wait.max(wait_ms(&recent, now));
                }
                if let Some(ms) = wait {
                    let seconds = u32::try_from(ms.div_euclid(1000) + 1).unwrap_or(u32::MAX);
                    return Err(AccountError::Throttled(seconds));
                }
                let id = random_id(&mut rand::rng());
                for bucket in buckets {
                    attempts::insert(tx.conn(), &id, bucket, now).await?;
                }
                tx.commit().await?;
                Ok(Try(id))
            })
            .await
    }
}
