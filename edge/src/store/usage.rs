//! What lies on the disk and when it was last asked for. No I/O here.

use std::collections::HashMap;

/// Sizes and last uses by path, for the disk budget.
#[derive(Debug, Default)]
pub(super) struct Usage {
    files: HashMap<String, Entry>,
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
        match self.files.get_mut(path) {
            Some(entry) => {
                self.total = self.total - entry.size + size;
                *entry = Entry { size, used };
            }
            None => self.insert(path.to_owned(), Entry { size, used }),
        }
    }

    /// Adds what was found on the disk, least recently changed first, unless it is known already.
    pub(super) fn found(&mut self, oldest_first: Vec<(String, u64)>) {
        for (used, (path, size)) in (i64::MIN..).zip(oldest_first) {
            if !self.files.contains_key(&path) {
                self.insert(path, Entry { size, used });
            }
        }
    }

    fn insert(&mut self, path: String, entry: Entry) {
        self.total += entry.size;
        self.files.insert(path, entry);
    }

    /// `path` is not on the disk any more.
    pub(super) fn forget(&mut self, path: &str) {
        if let Some(entry) = self.files.remove(path) {
            self.total -= entry.size;
        }
    }

    /// Nothing below the folder `path` is on the disk any more.
    pub(super) fn forget_below(&mut self, path: &str) {
        let inside = |file: &str| {
            file.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let gone: u64 = self
            .files
            .extract_if(|file, _| inside(file))
            .map(|(_, entry)| entry.size)
            .sum();
        self.total -= gone;
    }

    /// Bytes on the disk.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Takes out the least recently used files until at most `target` bytes are left.
    pub(super) fn evict_to(&mut self, target: u64) -> Vec<String> {
        let mut by_age: Vec<_> = self
            .files
            .iter()
            .map(|(path, entry)| (entry.used, path.clone()))
            .collect();
        by_age.sort_unstable();
        let mut victims = Vec::new();
        for (_, path) in by_age {
            if self.total <= target {
                break;
            }
            self.forget(&path);
            victims.push(path);
        }
        victims
    }
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
        assert_eq!(usage.total(), 30);
        assert_eq!(usage.evict_to(20), ["v/1/older"]);
        assert_eq!(usage.evict_to(19), ["v/1/new"]);
        assert_eq!(usage.total(), 10);
    }

    #[test]
    fn sizes_add_up_whatever_happens() {
        let mut usage = Usage::default();
        usage.touch("a/1/x", 10);
        usage.touch("a/1/x", 7);
        usage.touch("a/12/x", 5);
        usage.touch("ab/1/x", 3);
        usage.forget_below("a/1");
        assert_eq!(usage.total(), 8);
        usage.forget("a/12/x");
        usage.forget("a/12/x");
        assert_eq!(usage.total(), 3);
        assert_eq!(usage.evict_to(0), ["ab/1/x"]);
        assert_eq!(usage.total(), 0);
    }
}
