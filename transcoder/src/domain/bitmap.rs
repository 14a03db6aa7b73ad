//! Which segments of a track exist: one bit each, so that a 12 h film is a kilobyte a track.

use std::ops::Range;

/// A set of segment numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bitmap(Vec<u8>);

impl Bitmap {
    /// The set that was stored as `bytes`.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What to store.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds `n`; whether it was not there before.
    pub(crate) fn insert(&mut self, n: u32) -> bool {
        let Some((byte, bit)) = place(n) else {
            return false;
        };
        if self.0.len() <= byte {
            self.0.resize(byte + 1, 0);
        }
        let Some(slot) = self.0.get_mut(byte) else {
            return false;
        };
        let fresh = *slot & bit == 0;
        *slot |= bit;
        fresh
    }

    /// Whether `n` is in the set.
    pub(crate) fn contains(&self, n: u32) -> bool {
        place(n).is_some_and(|(byte, bit)| self.0.get(byte).is_some_and(|slot| slot & bit != 0))
    }

    /// The set as runs of neighbours, in order; nothing at or above `end`.
    pub(crate) fn runs(&self, end: u32) -> Vec<Range<u32>> {
        let mut runs: Vec<Range<u32>> = Vec::new();
        for n in (0..end).filter(|n| self.contains(*n)) {
            match runs.last_mut() {
                Some(run) if run.end == n => run.end = n + 1,
                _ => runs.push(n..n + 1),
            }
        }
        runs
    }
}

fn place(n: u32) -> Option<(usize, u8)> {
    Some((usize::try_from(n / 8).ok()?, 1 << (n % 8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_new_once() {
        let mut set = Bitmap::default();
        assert!(!set.contains(9));
        assert!(set.insert(9));
        assert!(!set.insert(9));
        let again = Bitmap::from_bytes(set.as_bytes().to_vec());
        assert!(again.contains(9) && !again.contains(8) && !again.contains(10));
    }

    #[test]
    fn neighbours_are_one_run() {
        let mut set = Bitmap::default();
        for n in [0, 1, 7, 8, 9, 15, 40] {
            set.insert(n);
        }
        assert_eq!(set.runs(41), [0..2, 7..10, 15..16, 40..41]);
        assert_eq!(set.runs(8), [0..2, 7..8]);
    }
}
