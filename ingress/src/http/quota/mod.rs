//! `/api/quota` and `/api/admin/quotas`

pub(super) mod own;
pub(super) mod reset;
pub(super) mod set;
pub(super) mod show;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Quota, Used};

/// What somebody may upload, and has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuotaInUse)]
pub(super) struct QuotaView {
    quota: Quota,
    /// Bytes of all their files, those on their way too.
    stored_bytes: u64,
    /// Bytes of the files whose upload began within the last 24 hours.
    day_bytes: u64,
}

impl From<(Quota, Used)> for QuotaView {
    fn from((quota, used): (Quota, Used)) -> Self {
        Self {
            quota,
            stored_bytes: used.stored_bytes,
            day_bytes: used.day_bytes,
        }
    }
}
