//! How long somebody who guesses passwords has to wait (ASVS 6.3.1).
//!
//! Nobody is locked out: waiting ends by itself, and whoever comes from where they have signed in
//! before is counted apart from strangers who guess.

/// Tries are counted for so long, milliseconds.
pub(crate) const WINDOW_MS: i64 = 5 * 60 * 1000;
/// Most tries within the window.
const MOST: usize = 15;
/// Failures after which one has to wait: a second, then twice as long each time.
const FREE: usize = 5;
const FIRST_WAIT_MS: i64 = 1000;

/// One try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) at_ms: i64,
    /// Whether it is known to have failed. One whose password is just being checked counts as a
    /// try only, lest people behind one address wait for each other.
    pub(crate) failed: bool,
}

/// How long one with these attempts, oldest first, has to wait at `now_ms` before the next.
pub(crate) fn wait_ms(attempts: &[Attempt], now_ms: i64) -> Option<i64> {
    let since = now_ms.saturating_sub(WINDOW_MS);
    let recent: Vec<_> = attempts.iter().filter(|it| it.at_ms > since).collect();
    // The oldest of the last ones has to leave the window.
    let full = recent
        .iter()
        .rev()
        .nth(MOST - 1)
        .map(|it| it.at_ms.saturating_add(WINDOW_MS));
    let failed = recent.iter().filter(|it| it.failed).count();
    let doubled = failed
        .checked_sub(FREE)
        .and_then(|over| u32::try_from(over).ok());
    let pause = doubled.map(|over| {
        FIRST_WAIT_MS
            .saturating_mul(2_i64.saturating_pow(over))
            .min(WINDOW_MS)
    });
    let last = recent.iter().rev().find(|it| it.failed).map(|it| it.at_ms);
    let slowed = pause
        .zip(last)
        .map(|(pause, last)| last.saturating_add(pause));
    let until = full.max(slowed)?;
    (until > now_ms).then(|| until - now_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failed(times: &[i64]) -> Vec<Attempt> {
        let attempt = |at_ms: &i64| Attempt {
            at_ms: *at_ms,
            failed: true,
        };
        times.iter().map(attempt).collect()
    }

    #[test]
    fn waiting_begins_with_the_fifth_failure_and_doubles() {
        assert_eq!(wait_ms(&failed(&[0, 1, 2, 3]), 3), None);
        assert_eq!(wait_ms(&failed(&[0, 1, 2, 3, 4]), 4), Some(1000));
        assert_eq!(wait_ms(&failed(&[0, 1, 2, 3, 4, 2000]), 2000), Some(2000));
        assert_eq!(wait_ms(&failed(&[0, 1, 2, 3, 4, 2000]), 4000), None);
        // What is long ago is forgotten.
        assert_eq!(wait_ms(&failed(&[0; 15]), WINDOW_MS), None);
    }

    #[test]
    fn tries_under_way_count_up_to_the_most() {
        let pending = vec![
            Attempt {
                at_ms: 7,
                failed: false
            };
            15
        ];
        assert_eq!(wait_ms(&pending[1..], 8), None);
        assert_eq!(wait_ms(&pending, 8), Some(WINDOW_MS - 1));
    }

    proptest! {
        #[test]
        fn nobody_tries_more_than_fifteen_times_in_a_window(pauses in prop::collection::vec(0_i64..60_000, 1..200)) {
            let mut attempts: Vec<Attempt> = Vec::new();
            let mut now = 0;
            for pause in pauses {
                now += pause + wait_ms(&attempts, now + pause).unwrap_or(0);
                attempts.push(Attempt { at_ms: now, failed: true });
                let recent = attempts.iter().filter(|it| it.at_ms > now - WINDOW_MS).count();
                prop_assert!(recent <= MOST);
            }
        }

        #[test]
        fn nobody_is_locked_out(times in prop::collection::vec(0_i64..1_000_000, 0..100)) {
            let mut times = times;
            times.sort_unstable();
            let wait = wait_ms(&failed(&times), 1_000_000);
            prop_assert!(wait.unwrap_or(0) <= WINDOW_MS);
        }
    }
}
