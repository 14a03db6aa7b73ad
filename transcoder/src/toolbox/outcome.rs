//! From the end of a run to whose fault it is.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use media::validate::ValidateError;

use super::log::Log;
use super::process::{End, Finished};
use super::{Limit, RunError};

/// What a run that ended well says besides the files it made.
#[derive(Debug)]
pub(crate) struct Report {
    /// What it printed.
    pub(crate) stdout: Vec<u8>,
    log: Log,
}

impl Report {
    /// The files are not what was planned. The film is at fault when its decoder complained: a
    /// damaged stream may lack frames, change its size or its rate. Otherwise we are.
    pub(crate) fn invalid(&self, source: ValidateError) -> RunError {
        let log = self.log.tail();
        match self.log.complaint() {
            Some(line) => RunError::Source {
                reason: format!("{source}, after \u{201c}{}\u{201d}", cleaned(line)),
                log,
            },
            None => RunError::Invalid { source, log },
        }
    }
}

/// What it said, or why there is nothing.
pub(super) fn judge(finished: Finished) -> Result<Report, RunError> {
    let log = finished.log.tail();
    match finished.end {
        End::Exit(status) if status.success() => Ok(Report {
            stdout: finished.stdout,
            log: finished.log,
        }),
        End::Exit(status) => Err(failure(status, &finished, log)),
        End::Timeout(after) => Err(RunError::Timeout { after, log }),
        End::TooMuchOutput => Err(RunError::Limit {
            limit: Limit::Output,
            log,
        }),
        End::TooMuchPrinted => Err(RunError::Limit {
            limit: Limit::Report,
            log,
        }),
        End::Cancelled => Err(RunError::Cancelled),
    }
}

fn failure(status: ExitStatus, finished: &Finished, log: String) -> RunError {
    let said = &finished.log;
    let limit = match signal(status) {
        Some(libc::SIGXCPU) => Some(Limit::Cpu),
        Some(libc::SIGXFSZ) => Some(Limit::Output),
        _ if said.says("File too large") => Some(Limit::Output),
        _ if said.says("Cannot allocate memory") => Some(Limit::Memory),
        _ => None,
    };
    if let Some(limit) = limit {
        return RunError::Limit { limit, log };
    }
    let ours = [
        "No space left on device",
        "bwrap: ",
        "prlimit: ",
        "nice: ",
        "loading shared libraries",
    ];
    if ours.iter().any(|text| said.says(text)) {
        return RunError::Machine(io::Error::other(log));
    }
    let reason = said
        .reason()
        .map_or_else(|| format!("the decoder ended with {status}"), cleaned);
    RunError::Source { reason, log }
}

/// The signal that ended a run, also where a wrapper reports it the shell's way.
fn signal(status: ExitStatus) -> Option<i32> {
    let wrapped = || {
        status
            .code()
            .and_then(|code| code.checked_sub(128))
            .filter(|code| *code > 0)
    };
    status.signal().or_else(wrapped)
}

/// One line of ffmpeg's without its addresses: `[mov @ 0x55d0] moov atom not found`.
fn cleaned(line: &str) -> String {
    let mut text = line.trim();
    while let Some((_, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        text = rest.trim_start();
    }
    let text = text
        .replace("file:/in/source: ", "")
        .replace("/in/source: ", "");
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolbox::Fault;

    #[test]
    fn addresses_and_levels_are_not_shown() {
        let line = "[mov,mp4 @ 0x55d0c8] [error] moov atom not found";
        assert_eq!(cleaned(line), "moov atom not found");
    }

    fn invalid(said: &str) -> RunError {
        let mut log = Log::default();
        log.push(said.as_bytes());
        let report = Report {
            stdout: Vec::new(),
            log,
        };
        report.invalid(ValidateError::FrameCount {
            found: 1,
            planned: 2,
        })
    }

    #[test]
    fn a_film_whose_decoder_complains_is_blamed_for_what_is_made_of_it() {
        let said = "[h264 @ 0x55d0] [error] error while decoding MB 3 4\n";
        assert_eq!(invalid(said).fault(), Fault::Source);
        assert!(invalid(said).to_string().contains("MB 3 4"));
    }

    #[test]
    fn without_a_complaint_it_is_our_fault_and_the_log_is_kept() {
        let warned = invalid("[mov @ 0x55d0] [warning] an edit list is odd\n");
        assert_eq!(warned.fault(), Fault::Ours);
        assert!(warned.log_tail().contains("odd"));
    }
}
