//! From the end of a run to whose fault it is.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::process::{End, Finished};
use super::{Limit, RunError};

/// What it printed, or why there is nothing.
pub(super) fn judge(finished: Finished) -> Result<Vec<u8>, RunError> {
    let log = finished.log.tail();
    match finished.end {
        End::Exit(status) if status.success() => Ok(finished.stdout),
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

    #[test]
    fn addresses_and_levels_are_not_shown() {
        let line = "[mov,mp4 @ 0x55d0c8] [error] moov atom not found";
        assert_eq!(cleaned(line), "moov atom not found");
    }
}
