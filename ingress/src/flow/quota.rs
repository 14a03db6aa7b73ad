//! How much owners may upload.

use platform_db::Tx;
use schemas::OwnerId;

use super::Uploads;
use crate::domain::{Quota, Upload, Used};
use crate::error::UploadError;
use crate::store;

impl Uploads {
    /// Refuses `upload` if it is more than its owner may have: in the transaction that records it, so
    /// that of two at the same moment one counts the other.
    pub(super) async fn make_room(&self, tx: &mut Tx, upload: &Upload) -> Result<(), UploadError> {
        let quota = store::quota_of(tx.conn(), &upload.owner).await?;
        let quota = quota.unwrap_or(self.config.quota);
        let used = store::used(tx.conn(), &upload.owner, self.clock.now_ms()).await?;
        quota.admits(used, upload.size).map_err(UploadError::Full)
    }

    /// Seconds of the longest film that `owner` may upload; 0: any.
    pub(super) async fn longest_film(&self, owner: &OwnerId) -> Result<u32, UploadError> {
        let own = self.store.own_quota(owner).await?;
        Ok(own.unwrap_or(self.config.quota).film_s.unwrap_or(0))
    }

    /// What `owner` may upload, and has.
    pub(crate) async fn quota(&self, owner: &OwnerId) -> Result<(Quota, Used), UploadError> {
        let (own, used) = self.store.quota(owner, self.clock.now_ms()).await?;
        Ok((own.unwrap_or(self.config.quota), used))
    }

    /// Sets what `owner` may upload; `None`: what everybody may.
    pub(crate) async fn set_quota(
        &self,
        owner: &OwnerId,
        quota: Option<Quota>,
    ) -> Result<(), UploadError> {
        Ok(self.store.set_quota(owner, quota).await?)
    }
}
