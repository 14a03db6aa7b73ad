//! Keeping a task, and giving it back.

use std::time::Duration;

use super::claim::lease_end;
use super::{Claim, Store, StoreError, storable};

impl Store {
    /// Makes the lease last `lease` from now. [`StoreError::Stale`] when the task is not ours.
    pub(crate) async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), StoreError> {
        self.db
            .write(|mut tx| async move {
                let renewed = sqlx::query(
                    "UPDATE transcoder_task SET available_ms = $1
                 WHERE task_id = $2 AND fence = $3 AND state = 'running'",
                )
                .bind(lease_end(self.now_ms(), lease))
                .bind(claim.id.as_str())
                .bind(claim.fence)
                .execute(tx.conn())
                .await?;
                if renewed.rows_affected() == 0 {
                    return Err(StoreError::Stale);
                }
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// Whether the task is still ours, without a write. A lease that has ended but that nobody
    /// took over is renewed first: from then on nobody else can.
    pub(crate) async fn still_ours(
        &self,
        claim: &Claim,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let until: Option<i64> = sqlx::query_scalar(
            "SELECT available_ms FROM transcoder_task
             WHERE task_id = $1 AND fence = $2 AND state = 'running'",
        )
        .bind(claim.id.as_str())
        .bind(claim.fence)
        .fetch_optional(self.db.reader())
        .await?;
        match until {
            None => Err(StoreError::Stale),
            Some(until) if until > self.now_ms() => Ok(()),
            Some(_) => self.renew(claim, lease).await,
        }
    }

    /// Gives the task back untried: the worker ends, or what it needs is away. Others may take it
    /// after `pause`.
    pub(crate) async fn release(
        &self,
        claim: &Claim,
        pause: Duration,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.db
            .write(|mut tx| async move {
                let released = sqlx::query(
                    "UPDATE transcoder_task
                 SET state = 'waiting', available_ms = $1, attempts = attempts - 1, last_error = $2
                 WHERE task_id = $3 AND fence = $4 AND state = 'running'",
                )
                .bind(lease_end(self.now_ms(), pause))
                .bind(storable(reason))
                .bind(claim.id.as_str())
                .bind(claim.fence)
                .execute(tx.conn())
                .await?;
                if released.rows_affected() == 0 {
                    return Err(StoreError::Stale);
                }
                tx.commit().await?;
                Ok(())
            })
            .await
    }
}
