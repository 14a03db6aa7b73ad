//! How a file is cut into parts.

use std::num::NonZeroU64;

/// S3's smallest part, except for the last.
pub(crate) const SMALLEST_PART: u64 = 5 << 20;
/// Larger parts gain nothing and cost the client memory.
const COMFORTABLE_PART: u64 = 16 << 20;
/// S3's largest number of parts.
pub(crate) const MOST_PARTS: u64 = 10_000;
/// More connections do not make an upload faster.
const MOST_PARALLEL: u64 = 6;
/// A client that is killed sends again what was under way: at most one part of this many.
const LOSS_DIVISOR: u64 = 50;

/// The cut of one file. Every part has the same size but the last, which has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartPlan {
    file_size: u64,
    part_size: NonZeroU64,
    parallel: u64,
}

impl PartPlan {
    /// Cuts a file of `file_size` bytes, so that what is under way at any moment is at most 2 % of
    /// it, as far as parts of 5 MiB allow.
    pub(crate) fn for_file(file_size: u64) -> Self {
        let budget = file_size / LOSS_DIVISOR;
        let parallel = (budget / SMALLEST_PART).clamp(1, MOST_PARALLEL);
        let part_size = (budget / parallel)
            .clamp(SMALLEST_PART, COMFORTABLE_PART)
            .max(file_size.div_ceil(MOST_PARTS));
        Self::stored(file_size, part_size, parallel)
    }

    /// The cut that was made when the upload began.
    pub(crate) fn stored(file_size: u64, part_size: u64, parallel: u64) -> Self {
        Self {
            file_size,
            part_size: NonZeroU64::new(part_size).unwrap_or(NonZeroU64::MIN),
            parallel,
        }
    }

    /// Bytes of every part but the last.
    pub(crate) fn part_size(&self) -> u64 {
        self.part_size.get()
    }

    /// How many parts to send at the same time.
    pub(crate) fn parallel(&self) -> u64 {
        self.parallel
    }

    /// How many parts there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.file_size.div_ceil(self.part_size.get())).unwrap_or(u32::MAX)
    }

    /// Exact size of part `number` (from 1), if there is such a part.
    pub(crate) fn size_of(&self, number: u32) -> Option<u64> {
        let before = u64::from(number.checked_sub(1)?).checked_mul(self.part_size.get())?;
        let rest = self.file_size.checked_sub(before)?;
        (rest > 0).then(|| rest.min(self.part_size.get()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_small_file_is_one_part() {
        let plan = PartPlan::for_file(1);
        assert_eq!(
            (plan.count(), plan.size_of(1), plan.size_of(2)),
            (1, Some(1), None)
        );
        assert_eq!(plan.size_of(0), None);
    }

    #[test]
    fn parallelism_grows_with_the_file() {
        for (size, parallel, part) in [
            (100 * MIB, 1, 5 * MIB),
            (500 * MIB, 2, 5 * MIB),
            (2048 * MIB, 6, 2048 * MIB / 50 / 6),
            (64 << 30, 6, 16 * MIB),
        ] {
            let plan = PartPlan::for_file(size);
            assert_eq!(
                (plan.parallel(), plan.part_size()),
                (parallel, part),
                "{size}"
            );
        }
    }

    proptest! {
        #[test]
        fn parts_add_up_and_what_is_under_way_is_little(size in 1_u64..(5 << 40)) {
            let plan = PartPlan::for_file(size);
            prop_assert!(plan.part_size() >= SMALLEST_PART);
            prop_assert!(u64::from(plan.count()) <= MOST_PARTS);
            if size >= SMALLEST_PART * LOSS_DIVISOR {
                prop_assert!(plan.part_size() * plan.parallel() <= size / LOSS_DIVISOR);
            }
            let sizes: Option<Vec<u64>> = (1..=plan.count()).map(|n| plan.size_of(n)).collect();
            prop_assert_eq!(sizes.map(|s| s.into_iter().sum()), Some(size));
            prop_assert_eq!(plan.size_of(plan.count() + 1), None);
        }
    }
}
