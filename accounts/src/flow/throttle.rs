//! Who has to wait before the next try.

use platform_passwords::Try;

use super::{Accounts, Origin};
use crate::domain::{User, digest};
use crate::error::AccountError;

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

    /// Counts a try in all `buckets`, or says how long to wait.
    pub(super) async fn try_once(&self, buckets: &[String]) -> Result<Try, AccountError> {
        Ok(self.tries.begin(buckets, self.clock.now_ms()).await?)
    }
}
