//! Whether urgent work fills this process's cores, so that the rest had better not begin.

use std::sync::Arc;

use tokio::sync::watch;

use crate::config::slots;

/// Cores that an urgent run keeps busy, about.
const CORES_OF_RUN: usize = 2;

/// Counts urgent attempts under way. Even the lowest scheduling priority costs those who share
/// their caches with it: on two cores, bulk work that began beside a film's first segment made
/// that take half as long again.
#[derive(Debug, Clone)]
pub(crate) struct Rush {
    running: Arc<watch::Sender<usize>>,
    cores: usize,
}

impl Rush {
    /// None yet, on the cores of this process.
    pub(crate) fn new() -> Self {
        Self::on(slots(0))
    }

    /// For work that is too short to be held back.
    pub(crate) fn never() -> Self {
        Self::on(usize::MAX)
    }

    fn on(cores: usize) -> Self {
        Self {
            running: Arc::default(),
            cores,
        }
    }

    /// Whether there are cores to spare.
    pub(crate) fn is_over(&self) -> bool {
        *self.running.borrow() * CORES_OF_RUN < self.cores
    }

    /// Another attempt, until the guard is dropped.
    pub(crate) fn enter(&self) -> Hurry {
        self.running.send_modify(|running| *running += 1);
        Hurry(self.clone())
    }

    /// Tells when an attempt begins or ends.
    pub(crate) fn changes(&self) -> watch::Receiver<usize> {
        self.running.subscribe()
    }
}

/// An urgent attempt under way.
#[derive(Debug)]
pub(crate) struct Hurry(Rush);

impl Drop for Hurry {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_runs_hold_back_the_rest_where_they_fill_the_cores() {
        assert!(Rush::never().is_over());
        for (cores, runs) in [(1, 1), (2, 1), (3, 2), (4, 2), (64, 32)] {
            let rush = Rush::on(cores);
            let mut hurries: Vec<_> = (1..runs).map(|_| rush.enter()).collect();
            assert!(rush.is_over(), "{cores} cores, {} runs", runs - 1);
            hurries.push(rush.enter());
            assert!(!rush.is_over(), "{cores} cores, {runs} runs");
            hurries.pop();
            assert!(rush.is_over());
        }
    }
}
