//! What lies on the disk and when it was last asked for. No I/O here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Files known at most, some 50 MB of memory. A film of two hours is 9000 segments or so.
const MAX_FILES: usize = 200_000;

/// Sizes and last uses by path, for the disk budget.
#[derive(Debug, Default)]
pub(super) struct Usage {
    files: HashMap<Arc<str>, Entry>,
    by_use: BTreeMap<i64, Arc<str>>,
    total: u64,
    /// Counts uses; what was on the disk before the start has negative numbers.
    now: i64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    size: u64,
    used: i64,
}

impl Usage {
    /// `path`, of `size` bytes, was written or asked for.
    pub(super) fn touch(&mut self, path: &str, size: u64) {
        self.now += 1;
        let used = self.now;
        self.forget(path);
        self.insert(path.into(), Entry { size, used });
    }

    /// Adds what was found on the disk, least recently changed first, unless it is known already.
    pub(super) fn found(&mut self, oldest_first: Vec<(String, u64)>) {
        for (used, (path, size)) in (i64::MIN..).zip(oldest_first) {
            if !self.files.contains_key(path.as_str()) {
                self.insert(path.into(), Entry { size, used });
            }
        }
    }

    fn insert(&mut self, path: Arc<str>, entry: Entry) {
        self.total += entry.size;
        self.by_use.insert(entry.used, Arc::clone(&path));
        self.files.insert(path, entry);
    }

    /// `path` is not on the disk any more.
    pub(super) fn forget(&mut self, path: &str) {
        if let Some(entry) = self.files.remove(path) {
            self.by_use.remove(&entry.used);
            self.total -= entry.size;
        }
    }

    /// Nothing below the folder `path` is on the disk any more.
    pub(super) fn forget_below(&mut self, path: &str) {
        let inside = |file: &str| {
            file.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let gone = self.files.extract_if(|file, _| inside(file));
        for (_, entry) in gone {
            self.by_use.remove(&entry.used);
            self.total -= entry.size;
        }
    }

    /// Whether there is more than `max_bytes`, or more files than are kept in mind.
    pub(super) fn exceeds(&self, max_bytes: u64) -> bool {
        self.total > max_bytes || self.files.len() > MAX_FILES
    }

    /// Takes out the least recently used files until a tenth of `max_bytes` is free, or, when
    /// there was less than that, a tenth of what there was.
    pub(super) fn evict_a_tenth(&mut self, max_bytes: u64) -> Vec<String> {
        let bytes = tenth_less(self.total.min(max_bytes));
        let files = tenth_less(MAX_FILES as u64);
        let mut victims = Vec::new();
        while (self.total > bytes || self.files.len() as u64 > files)
            && let Some((_, path)) = self.by_use.pop_first()
        {
            self.forget(&path);
            victims.push(path.as_ref().to_owned());
        }
        victims
    }
}

fn tenth_less(amount: u64) -> u64 {
    amount - amount.div_ceil(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let mut usage = Usage::default();
        usage.touch("v/1/new", 10);
        usage.found(vec![("v/1/older".into(), 10), ("v/1/old".into(), 10)]);
        usage.touch("v/1/old", 10);
        assert!(usage.exceeds(29) && !usage.exceeds(30));
        assert_eq!(usage.evict_a_tenth(22), ["v/1/older", "v/1/new"]);
        assert!(usage.exceeds(9) && !usage.exceeds(10));
    }

    #[test]
    fn a_disk_that_is_full_before_its_budget_gives_a_tenth() {
        let mut usage = Usage::default();
        for n in 0..20 {
            usage.touch(&format!("v/1/{n}"), 5);
        }
        assert_eq!(usage.evict_a_tenth(1_000_000), ["v/1/0", "v/1/1"]);
        let mut small = Usage::default();
        small.touch("v/1/0", 1);
        assert_eq!(small.evict_a_tenth(1_000_000), ["v/1/0"]);
    }

    #[test]
    fn files_are_limited_as_bytes_are() {
        let mut usage = Usage::default();
        for n in 0..=MAX_FILES {
            usage.touch(&format!("v/1/{n}"), 0);
        }
        assert!(usage.exceeds(u64::MAX));
        let victims = usage.evict_a_tenth(u64::MAX);
        assert_eq!(victims.len(), MAX_FILES / 10 + 1);
        assert!(!usage.exceeds(u64::MAX));
    }

    #[test]
    fn sizes_add_up_whatever_happens() {
        let mut usage = Usage::default();
        usage.touch("a/1/x", 10);
        usage.touch("a/1/x", 7);
        usage.touch("a/12/x", 5);
        usage.touch("ab/1/x", 3);
        usage.forget_below("a/1");
        assert_eq!(usage.total, 8);
        usage.forget("a/12/x");
        usage.forget("a/12/x");
        assert_eq!(usage.total, 3);
        assert_eq!(usage.evict_a_tenth(1), ["ab/1/x"]);
        assert_eq!((usage.total, usage.by_use.len()), (0, 0));
    }
}
