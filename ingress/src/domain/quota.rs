//! How much one owner may upload.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much one owner may upload; what is absent is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// Bytes of all their files together, those on their way too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_bytes: Option<u64>,
    /// Bytes of the files whose upload begins within 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_bytes: Option<u64>,
    /// Seconds of the longest film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub film_s: Option<u32>,
}

/// What an owner has of it in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Bytes of all their files.
    pub(crate) stored_bytes: u64,
    /// Bytes of those whose upload began within the last 24 hours, also if they were removed since, until their records are forgotten.
    pub(crate) day_bytes: u64,
}

/// A file that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// Into what the owner may store.
    Storage { left: u64, limit: u64 },
    /// Into what they may begin within a day.
    Day { left: u64, limit: u64 },
}

impl Quota {
    /// Whether a file of `size` bytes fits where `used` is in use.
    pub(crate) fn admits(&self, used: Used, size: u64) -> Result<(), Full> {
        let left = |limit: u64, used: u64| limit.saturating_sub(used);
        if let Some(limit) = self.storage_bytes {
            let left = left(limit, used.stored_bytes);
            if size > left {
                return Err(Full::Storage { left, limit });
            }
        }
        if let Some(limit) = self.daily_bytes {
            let left = left(limit, used.day_bytes);
            if size > left {
                return Err(Full::Day { left, limit });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_a_limit_everything_fits() {
        let used = Used {
            stored_bytes: u64::MAX,
            day_bytes: u64::MAX,
        };
        assert_eq!(Quota::default().admits(used, u64::MAX), Ok(()));
    }

    proptest! {
        #[test]
        fn what_is_admitted_never_exceeds_a_limit(
            storage in prop::option::of(0..1000_u64),
            daily in prop::option::of(0..1000_u64),
            sizes in prop::collection::vec(1..400_u64, 1..20),
        ) {
            let quota = Quota { storage_bytes: storage, daily_bytes: daily, film_s: None };
            let mut used = Used::default();
            for size in sizes {
                let fits = storage.is_none_or(|limit| used.stored_bytes + size <= limit)
                    && daily.is_none_or(|limit| used.day_bytes + size <= limit);
                prop_assert_eq!(quota.admits(used, size).is_ok(), fits);
                if fits {
                    used.stored_bytes += size;
                    used.day_bytes += size;
                }
            }
        }
    }
}
