//! How long to wait before trying again.

use std::time::Duration;

use rand::Rng;

/// Exponential backoff with full jitter, so that many clients do not return at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first wait.
    pub first: Duration,
    /// Upper bound of every wait.
    pub limit: Duration,
    /// How often to try in all.
    pub attempts: u32,
}

impl Backoff {
    /// For calls within the machine or the cluster that someone waits for.
    pub const fn standard() -> Self {
        Self {
            first: Duration::from_millis(50),
            limit: Duration::from_secs(2),
            attempts: 5,
        }
    }

    /// The wait after `attempt` failures (from 1), or `None` when it is time to give up.
    pub fn delay(&self, attempt: u32, rng: &mut impl Rng) -> Option<Duration> {
        (attempt < self.attempts).then(|| {
            let bound = self.bound(attempt);
            bound.mul_f64(rng.random_range(0.5..=1.0))
        })
    }

    fn bound(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_end() {
        let backoff = Backoff::standard();
        let mut rng = rand::rng();
        for attempt in 1..backoff.attempts {
            let delay = backoff.delay(attempt, &mut rng);
            assert!(delay.is_some_and(|d| d <= backoff.limit && d >= backoff.first / 2));
        }
        assert_eq!(backoff.delay(backoff.attempts, &mut rng), None);
        assert_eq!(backoff.bound(u32::MAX), backoff.limit);
    }
}
