//! Sets of byte ranges.

use std::ops::Range;

/// Ranges in order, none touching the next.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds a range.
    pub(super) fn add(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let (apart, touching): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|have| have.end < range.start || range.end < have.start);
        let merged = touching.iter().fold(range, |all, one| {
            all.start.min(one.start)..all.end.max(one.end)
        });
        self.0 = apart;
        let place = self.0.partition_point(|have| have.start < merged.start);
        self.0.insert(place, merged);
    }

    /// The parts of `range` that are not in the set.
    pub(super) fn missing(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut missing = Vec::new();
        let mut at = range.start;
        for have in self
            .0
            .iter()
            .filter(|have| have.end > range.start && have.start < range.end)
        {
            if have.start > at {
                missing.push(at..have.start);
            }
            at = at.max(have.end);
        }
        if at < range.end {
            missing.push(at..range.end);
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_not_missing_and_the_rest_is() {
        let mut ranges = Ranges::default();
        for range in [10..20, 40..50, 20..25, 48..60, 0..1] {
            ranges.add(range);
        }
        assert_eq!(ranges.0, [0..1, 10..25, 40..60]);
        assert_eq!(ranges.missing(&(0..70)), [1..10, 25..40, 60..70]);
        assert_eq!(ranges.missing(&(12..24)), []);
        assert_eq!(ranges.missing(&(0..30)), [1..10, 25..30]);
    }
}
