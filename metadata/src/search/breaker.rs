//! When to stop asking a server that does not answer, and when to try again.
//!
//! A pure state machine: whoever holds it says what time it is. Closed, every call goes through.
//! After enough bad answers among the last few it opens, and calls fail at once. After a pause one
//! call goes through as a probe: a good answer closes it, a bad one makes the next pause longer.

use std::time::Duration;

use tokio::time::Instant;

/// So many of the last answers are remembered…
const WINDOW: u32 = 10;
/// …and so many bad ones among them are enough.
const MOST_BAD: u32 = 5;
/// The pause before the first probe.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between probes.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A probe that was not heard of for so long is given up.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The server answered, in time.
    Good,
    /// It did not, or too late.
    Bad,
    /// Nobody waited for the answer.
    Unknown,
}

/// Leave for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Permit {
    /// Answers from before the last change of state say nothing about now.
    era: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Instant },
    Probing { since: Instant },
}

/// The breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    era: u64,
    /// The last answers, the latest lowest; 1 is a bad one.
    recent: u32,
    pause: Duration,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            state: State::Closed,
            era: 0,
            recent: 0,
            pause: FIRST_PAUSE,
        }
    }

    /// Leave to call, or how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Permit, Duration> {
        match self.state {
            State::Closed => {}
            State::Open { until } if now < until => return Err(until - now),
            State::Probing { since } if now < since + PROBE_PATIENCE => return Err(FIRST_PAUSE),
            State::Open { .. } | State::Probing { .. } => self.enter(State::Probing { since: now }),
        }
        Ok(Permit { era: self.era })
    }

    /// Takes note of how a call ended. Says whether this opened or closed it.
    pub(super) fn record(&mut self, now: Instant, permit: Permit, ending: Ending) -> bool {
        if permit.era != self.era {
            return false;
        }
        match (self.state, ending) {
            (State::Closed, Ending::Good | Ending::Bad) => {
                let bad = u32::from(ending == Ending::Bad);
                self.recent = ((self.recent << 1) | bad) & ((1 << WINDOW) - 1);
                let opens = self.recent.count_ones() >= MOST_BAD;
                if opens {
                    self.open(now);
                }
                opens
            }
            (State::Probing { .. }, Ending::Good) => {
                self.enter(State::Closed);
                self.recent = 0;
                self.pause = FIRST_PAUSE;
                true
            }
            (State::Probing { .. }, Ending::Bad) => {
                self.open(now);
                false
            }
            (State::Probing { .. }, Ending::Unknown) => {
                self.enter(State::Open { until: now });
                false
            }
            (State::Closed | State::Open { .. }, _) => false,
        }
    }

    fn open(&mut self, now: Instant) {
        let until = now + self.pause;
        self.enter(State::Open { until });
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn broken(now: Instant) -> Breaker {
        let mut breaker = Breaker::new();
        for n in 1..=MOST_BAD {
            let permit = breaker.admit(now).unwrap();
            assert_eq!(breaker.record(now, permit, Ending::Bad), n == MOST_BAD);
        }
        breaker
    }

    #[test]
    fn it_opens_probes_and_closes() {
        let start = Instant::now();
        let mut breaker = broken(start);
        assert_eq!(breaker.admit(start), Err(FIRST_PAUSE));

        // One probe at a time; a bad one doubles the pause, up to a limit.
        let mut now = start + FIRST_PAUSE;
        for pause in [2, 4, 8, 8] {
            let probe = breaker.admit(now).unwrap();
            assert!(breaker.admit(now).is_err());
            assert!(!breaker.record(now, probe, Ending::Bad));
            assert_eq!(breaker.admit(now), Err(Duration::from_secs(pause)));
            now += Duration::from_secs(pause);
        }
        let probe = breaker.admit(now).unwrap();
        assert!(breaker.record(now, probe, Ending::Good));
        assert!(breaker.admit(now).is_ok() && breaker.admit(now).is_ok());
    }

    #[test]
    fn a_probe_that_nobody_waits_for_gives_way_to_the_next() {
        let now = Instant::now();
        let mut breaker = broken(now);
        let now = now + FIRST_PAUSE;
        let probe = breaker.admit(now).unwrap();
        breaker.record(now, probe, Ending::Unknown);
        breaker.admit(now).unwrap();
        // And one that is never heard of.
        assert!(breaker.admit(now).is_err());
        assert!(breaker.admit(now + PROBE_PATIENCE).is_ok());
    }

    #[test]
    fn late_answers_from_before_say_nothing() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        let early = breaker.admit(now).unwrap();
        for _ in 0..MOST_BAD {
            let permit = breaker.admit(now).unwrap();
            breaker.record(now, permit, Ending::Bad);
        }
        let now = now + FIRST_PAUSE;
        breaker.admit(now).unwrap();
        assert!(!breaker.record(now, early, Ending::Good));
        assert!(breaker.admit(now).is_err());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Wait(u64),
        Call,
        End(usize, u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0_u64..20_000).prop_map(Step::Wait),
            Just(Step::Call),
            Just(Step::Call),
            (any::<usize>(), 0_u8..3).prop_map(|(call, how)| Step::End(call, how)),
        ];
        proptest::collection::vec(step, 0..300)
    }

    proptest! {
        /// Whatever happens: whoever is told to wait is not told to wait long, there is one probe
        /// at a time, and once the server answers again calls go through.
        #[test]
        fn it_never_stays_open_for_long(steps in steps()) {
            let mut now = Instant::now();
            let mut breaker = Breaker::new();
            let mut under_way: Vec<Permit> = Vec::new();
            for step in steps {
                match step {
                    Step::Wait(ms) => now += Duration::from_millis(ms),
                    Step::Call => match breaker.admit(now) {
                        Ok(permit) => {
                            if breaker.state != State::Closed {
                                prop_assert!(breaker.admit(now).is_err());
                            }
                            under_way.push(permit);
                        }
                        Err(wait) => prop_assert!(wait <= LONGEST_PAUSE && !wait.is_zero()),
                    },
                    Step::End(call, how) if !under_way.is_empty() => {
                        let permit = under_way.swap_remove(call % under_way.len());
                        let how = [Ending::Good, Ending::Bad, Ending::Unknown][usize::from(how)];
                        breaker.record(now, permit, how);
                    }
                    Step::End(..) => {}
                }
                prop_assert!(breaker.state != State::Closed
                    || breaker.recent.count_ones() < MOST_BAD);
            }
            now += PROBE_PATIENCE;
            let permit = breaker.admit(now).unwrap();
            breaker.record(now, permit, Ending::Good);
            prop_assert_eq!(breaker.state, State::Closed);
        }

        /// A server that mostly answers is not given up.
        #[test]
        fn single_failures_do_not_open_it(every in 3_usize..50) {
            let now = Instant::now();
            let mut breaker = Breaker::new();
            for n in 0..500 {
                let permit = breaker.admit(now).unwrap();
                let ending = if n % every == 0 { Ending::Bad } else { Ending::Good };
                breaker.record(now, permit, ending);
            }
        }
    }
}
