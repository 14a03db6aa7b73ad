//! Why an attempt did not end its task, and what follows.

use std::any::Any;
use std::error::Error;
use std::io;
use std::time::Duration;

use media::plan::PlanError;
use platform_blob::BlobError;

use crate::staging::StageError;
use crate::store::{Problem, StoreError, Verdict};
use crate::toolbox::{Fault, ProbeFailure, RunError};

/// Attempts that a task gets when nothing says that more are of no use.
pub(crate) const ATTEMPTS: u32 = 5;
/// Workers that a task may cost. What a film can do to its decoder ends the decoder and not the
/// worker, and a worker that panics counts as a failed attempt: most of those who die do so by no
/// fault of the task, such as a machine that loses its power twenty times.
pub(crate) const DEATHS: u32 = 25;
/// So few attempts that one more is always due when the failure is ours.
pub(crate) const FEW: u32 = ATTEMPTS - 1;
/// Attempts when the source seems at fault or asks for too much.
const ATTEMPTS_AT_SOURCE: u32 = 2;
/// Attempts when a run stood still: each costs the watchdog's patience.
const ATTEMPTS_STALLED: u32 = 3;
/// How long to leave alone what is away.
const AWAY: Duration = Duration::from_secs(2);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why an attempt did not end its task.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The task is not ours any more: nothing more is written.
    #[error("the task was taken over or cancelled")]
    Stale,
    /// This process ends.
    #[error("the worker stopped")]
    Stopped,
    /// The database or the object store is away, or this machine is out of space: nobody's fault.
    #[error("what the task needs is not available at the moment")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// The source was examined and refused.
    #[error("{}", .0.detail)]
    Refused(Problem),
    /// The attempt failed.
    #[error("{}", .problem.detail)]
    Failed {
        /// Whose fault it is.
        fault: Fault,
        /// What to say when no more attempts are made.
        problem: Problem,
        /// The end of the log, for the operator.
        log: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What to do with a task after an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// Nothing: it is not ours.
    LetGo,
    /// Give it back untried.
    Release {
        /// Leave it alone for so long.
        pause: Duration,
    },
    /// Count the attempt.
    Fail(Verdict),
}

impl Failure {
    /// A failure of this program or machine.
    pub(crate) fn ours(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed {
            fault: Fault::Ours,
            problem: our_problem("encoder-failed"),
            log: String::new(),
            source: Box::new(source),
        }
    }

    /// What follows when attempt number `attempt` ended so.
    pub(crate) fn consequence(&self, attempt: u32) -> Consequence {
        let (most, problem) = match self {
            Self::Stale => return Consequence::LetGo,
            Self::Stopped => {
                return Consequence::Release {
                    pause: Duration::ZERO,
                };
            }
            Self::Away(_) => return Consequence::Release { pause: AWAY },
            Self::Refused(problem) => (1, problem),
            Self::Failed { fault, problem, .. } => (attempts(*fault), problem),
        };
        Consequence::Fail(if attempt >= most {
            Verdict::Never(problem.clone())
        } else {
            Verdict::Again(pause(attempt))
        })
    }

    /// The reason with its causes and the end of the log, for the operator.
    pub(crate) fn report(&self) -> String {
        let mut report = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !report.contains(&text) {
                report.push_str(": ");
                report.push_str(&text);
            }
            cause = error.source();
        }
        if let Self::Failed { log, .. } = self
            && !log.is_empty()
        {
            report.push('\n');
            report.push_str(log);
        }
        report
    }
}

/// The attempt panicked. It counts like any other failure of this program.
#[derive(Debug, thiserror::Error)]
#[error("the worker panicked: {0}")]
struct Panicked(String);

impl Failure {
    /// A panic, as `catch_unwind` gives it.
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self::ours(Panicked(text.unwrap_or_default()))
    }
}

/// What is said of a film whose task ended with its workers, again and again.
pub(crate) fn crashed() -> Problem {
    our_problem("encoder-crashed")
}

const fn attempts(fault: Fault) -> u32 {
    match fault {
        Fault::Source | Fault::Limit => ATTEMPTS_AT_SOURCE,
        Fault::Timeout => ATTEMPTS_STALLED,
        Fault::Ours | Fault::Cancelled => ATTEMPTS,
    }
}

fn pause(attempt: u32) -> Duration {
    let doubled = Duration::from_secs(1).saturating_mul(1 << attempt.saturating_sub(1).min(10));
    doubled.min(LONGEST_PAUSE)
}

/// Whether a machine recovers from this by itself, or by its operator: no space, no memory.
fn passes(error: &io::Error) -> bool {
    use io::ErrorKind::{OutOfMemory, QuotaExceeded, ResourceBusy, StorageFull, WouldBlock};
    let passing = [
        StorageFull,
        QuotaExceeded,
        OutOfMemory,
        ResourceBusy,
        WouldBlock,
    ];
    passing.contains(&error.kind())
}

fn our_problem(kind: &str) -> Problem {
    Problem {
        kind: kind.to_owned(),
        title: "The film could not be encoded".to_owned(),
        detail: "The server failed to encode this film several times. Its operator can see why. \
                 Try another export of the film, for instance MP4 with H.264 and AAC."
            .to_owned(),
        of_source: false,
    }
}

/// An error's text as a sentence.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn run_problem(error: &RunError) -> Problem {
    let advice = "Export the film as MP4 with H.264 picture and AAC sound and upload that.";
    let title = match error.fault() {
        Fault::Source => "The film cannot be decoded",
        Fault::Limit => "The film takes too much to decode",
        Fault::Timeout => "Decoding the film stood still",
        Fault::Ours | Fault::Cancelled => return our_problem(error.problem_type()),
    };
    Problem {
        kind: error.problem_type().to_owned(),
        title: title.to_owned(),
        detail: format!("{} {advice}", sentence(&error.to_string())),
        // A run that stood still may have done so on this machine only.
        of_source: matches!(error.fault(), Fault::Source | Fault::Limit),
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match &error {
            RunError::Cancelled => Self::Stopped,
            RunError::Machine(io) if passes(io) => Self::Away(error.into()),
            _ => Self::Failed {
                fault: error.fault(),
                problem: run_problem(&error),
                log: error.log_tail().to_owned(),
                source: error.into(),
            },
        }
    }
}

impl From<ProbeFailure> for Failure {
    fn from(error: ProbeFailure) -> Self {
        match error {
            ProbeFailure::Run(run) => run.into(),
            refused => Self::Refused(Problem {
                kind: refused.problem_type().to_owned(),
                title: refused.title().to_owned(),
                detail: sentence(&refused.to_string()),
                of_source: true,
            }),
        }
    }
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        match error {
            StageError::NotMedia | StageError::Empty => Self::Refused(Problem {
                kind: error.problem_type().to_owned(),
                title: "Not a video".to_owned(),
                detail: sentence(&error.to_string()),
                of_source: true,
            }),
            StageError::Store(store) => store.into(),
            StageError::Machine(ref io) if passes(io) => Self::Away(error.into()),
            StageError::Normalise(run) => run.into(),
            StageError::Machine(_) | StageError::Gone | StageError::NoRoom { .. } => Self::Failed {
                fault: error.fault(),
                problem: Problem {
                    kind: error.problem_type().to_owned(),
                    title: "The film could not be prepared".to_owned(),
                    detail: sentence(&error.to_string()),
                    of_source: error.fault() == Fault::Source,
                },
                log: String::new(),
                source: error.into(),
            },
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Refused(Problem {
            kind: error.problem_type().to_owned(),
            title: "Nothing can be made of this film".to_owned(),
            detail: sentence(&error.to_string()),
            of_source: true,
        })
    }
}

impl From<BlobError> for Failure {
    fn from(error: BlobError) -> Self {
        if error.retryable() {
            Self::Away(error.into())
        } else {
            Self::ours(error)
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            StoreError::Db(error) if error.retryable() => Self::Away(error.into()),
            error => Self::ours(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform_blob::BlobErrorKind;

    fn undecodable() -> Failure {
        RunError::Source {
            reason: "no frame".to_owned(),
            log: "tail".to_owned(),
        }
        .into()
    }

    #[test]
    fn the_films_fault_ends_it_after_two_attempts_with_a_sentence() {
        let Consequence::Fail(Verdict::Again(_)) = undecodable().consequence(1) else {
            panic!("one more attempt is due");
        };
        let Consequence::Fail(Verdict::Never(problem)) = undecodable().consequence(2) else {
            panic!("two are enough");
        };
        assert_eq!(problem.kind, "undecodable");
        assert_eq!(
            problem.detail,
            "The film could not be decoded: no frame. Export the film as MP4 with H.264 picture \
             and AAC sound and upload that."
        );
    }

    #[test]
    fn what_was_refused_is_not_tried_again() {
        let refused: Failure = StageError::Empty.into();
        assert!(matches!(
            refused.consequence(1),
            Consequence::Fail(Verdict::Never(_))
        ));
    }

    #[test]
    fn a_store_that_is_away_is_nobodys_fault_however_often() {
        let away: Failure = BlobError::new(BlobErrorKind::Unavailable, "no answer").into();
        assert!(matches!(
            away.consequence(1_000),
            Consequence::Release { .. }
        ));
    }

    #[test]
    fn the_operator_sees_causes_and_log() {
        let report = undecodable().report();
        assert!(
            report.contains("no frame") && report.ends_with("tail"),
            "{report}"
        );
    }
}
