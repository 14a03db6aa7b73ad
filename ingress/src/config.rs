//! What an operator can set.

use std::time::Duration;

use schemas::v1;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Quota;

/// AWS signs for a week; a leaked address must not be of use that long.
const LONGEST_TTL: Duration = Duration::from_mins(15);

/// Configuration of the upload service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Largest file that is taken.
    pub max_size_bytes: u64,
    /// How much each owner may upload to whom no admin gave another measure: `storage_bytes`,
    /// `daily_bytes` and `film_s`.
    pub quota: Quota,
    /// For whom a video is whose uploader does not say.
    pub visibility: InitialVisibility,
    /// How long a presigned address is valid, in seconds: at most 900.
    pub presign_ttl_s: u64,
    /// An upload that nobody has touched for this many seconds is abandoned.
    pub idle_s: u64,
    /// Milliseconds between two looks for what crashes and impatient clients left behind.
    pub sweep_interval_ms: u64,
    /// Milliseconds between two looks at how much of the open uploads is stored.
    pub progress_interval_ms: u64,
    /// A multipart upload that no record speaks of is removed when it is this many seconds old.
    pub orphan_s: u64,
}

/// For whom a video is at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitialVisibility {
    /// Everybody, who also finds it.
    Public,
    /// Everybody who has its address.
    Unlisted,
    /// Its owner alone.
    Private,
}

impl From<InitialVisibility> for v1::Visibility {
    fn from(visibility: InitialVisibility) -> Self {
        match visibility {
            InitialVisibility::Public => Self::Public,
            InitialVisibility::Unlisted => Self::Unlisted,
            InitialVisibility::Private => Self::Private,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_size_bytes: 64 << 30,
            quota: Quota::default(),
            visibility: InitialVisibility::Public,
            presign_ttl_s: 900,
            idle_s: 24 * 60 * 60,
            sweep_interval_ms: 5 * 60 * 1000,
            progress_interval_ms: 2000,
            orphan_s: 60 * 60,
        }
    }
}

impl Config {
    /// How long a presigned address is valid.
    pub(crate) fn presign_ttl(&self) -> Duration {
        Duration::from_secs(self.presign_ttl_s).clamp(Duration::from_secs(1), LONGEST_TTL)
    }

    /// The last moment at which an upload that is idle now may have been touched.
    pub(crate) fn idle_since(&self, now_ms: i64) -> i64 {
        ago(now_ms, self.idle_s)
    }

    /// The youngest moment at which a multipart upload without a record is an orphan now.
    pub(crate) fn orphan_since(&self, now_ms: i64) -> i64 {
        ago(now_ms, self.orphan_s)
    }
}

fn ago(now_ms: i64, seconds: u64) -> i64 {
    let ms = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    now_ms.saturating_sub(ms)
}
