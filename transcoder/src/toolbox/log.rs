//! What ffmpeg says on its standard error: progress, and the end of its log.

use std::collections::VecDeque;

use ffmpeg_sidecar::log_parser::try_parse_progress;

/// Lines kept.
const LINES: usize = 40;
/// Bytes of a line that are kept.
const LINE_BYTES: usize = 400;

/// Said of every scaler that is set up, and of no use to anyone.
const CHATTER: &str = "deprecated pixel format used";

/// The log of one run.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<String>,
    partial: Vec<u8>,
    progress: Option<Progress>,
    steps: u64,
}

/// How far a run is. Any change is progress.
#[derive(Debug, PartialEq)]
struct Progress {
    frame: u32,
    size_kb: u32,
    time: String,
}

impl Log {
    /// Adds what arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                // The rest of an endless line is not kept.
                _ if self.partial.len() < LINE_BYTES => self.partial.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.partial);
        let line: String = String::from_utf8_lossy(&bytes)
            .chars()
            .filter(|c| !c.is_control())
            .collect();
        if line.trim().is_empty() {
            return;
        }
        if let Some(progress) = try_parse_progress(&line) {
            let progress = Progress {
                frame: progress.frame,
                size_kb: progress.size_kb,
                time: progress.time,
            };
            if self.progress.as_ref() != Some(&progress) {
                self.progress = Some(progress);
                self.steps += 1;
            }
            return;
        }
        if line.contains(CHATTER) {
            return;
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// How often the run was seen to have got further.
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    /// The last lines.
    pub(super) fn tail(&self) -> String {
        let mut lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let rest = String::from_utf8_lossy(&self.partial);
        if !rest.trim().is_empty() {
            lines.push(&rest);
        }
        lines.join("\n")
    }

    /// The line that tells most about why a run failed: the first error of the last lines.
    pub(super) fn reason(&self) -> Option<&str> {
        let telling = |line: &&String| {
            let line = line.to_ascii_lowercase();
            ["[error]", "[fatal]", "error", "invalid", "failed"]
                .iter()
                .any(|w| line.contains(w))
        };
        self.lines
            .iter()
            .find(telling)
            .or_else(|| self.lines.back())
            .map(String::as_str)
    }

    /// The first of the last lines that says that the film is damaged.
    pub(super) fn complaint(&self) -> Option<&str> {
        let complains = |line: &&String| {
            let words = ["[error]", "[fatal]", "corrupt"];
            words.iter().any(|word| line.contains(word))
        };
        self.lines.iter().find(complains).map(String::as_str)
    }

    /// Whether any line has this in it.
    pub(super) fn says(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_progress() {
        let mut log = Log::default();
        let line = |frame| {
            format!(
                "frame={frame:5} fps= 10 q=28.0 size=     256kB time=00:00:01.00 bitrate=1kbits/s speed=1x\r"
            )
        };
        for (frame, steps) in [(10, 1), (10, 1), (11, 2)] {
            log.push(line(frame).as_bytes());
            assert_eq!(log.steps(), steps);
        }
        assert_eq!(log.tail(), "");
    }

    #[test]
    fn an_endless_log_stays_small() {
        let mut log = Log::default();
        for number in 0..10_000 {
            log.push(format!("line {number} {}\n", "x".repeat(1000)).as_bytes());
        }
        assert!(log.tail().len() <= LINES * (LINE_BYTES + 1));
        assert!(log.says("line 9999"));
    }
}
