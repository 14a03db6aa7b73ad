//! What can go wrong with a run, and whose fault it is.

use std::io;
use std::time::Duration;

use media::probe::ProbeError;
use media::validate::ValidateError;

/// The tools cannot be used at all; the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// Not found.
    #[error(
        "{name} was not found; install ffmpeg (apt install ffmpeg) or name it in the configuration"
    )]
    Missing {
        /// `ffmpeg` or `ffprobe`.
        name: &'static str,
    },
    /// Found, but it does not answer.
    #[error("{name} does not run: {detail}")]
    Broken {
        /// Which tool.
        name: &'static str,
        /// What it said.
        detail: String,
    },
    /// The configured box does not work.
    #[error("the sandbox {name} was asked for but does not work here: {detail}")]
    Sandbox {
        /// Which one.
        name: &'static str,
        /// What was tried and how it failed.
        detail: String,
    },
    /// The scratch folder cannot be used.
    #[error("the scratch folder cannot be used")]
    Scratch(#[source] io::Error),
}

/// Whose fault a failed run is: what the caller does next depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The film's: trying again elsewhere will not help (try once more at most).
    Source,
    /// This machine's or this program's: try again, elsewhere if possible.
    Ours,
    /// A limit was reached: once more at most, then the film is refused.
    Limit,
    /// It took too long or stood still: again, elsewhere, a few times.
    Timeout,
    /// The caller's own wish: say nothing.
    Cancelled,
}

/// Which limit killed a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Address space.
    Memory,
    /// Time on the processor.
    Cpu,
    /// Bytes written.
    Output,
    /// Bytes printed: what the file says about itself.
    Report,
}

impl Limit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "processor time",
            Self::Output => "disk space",
            Self::Report => "room for its titles, tags and chapters",
        }
    }
}

/// A run did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The decoder or demuxer gave up.
    #[error("the film could not be decoded: {reason}")]
    Source {
        /// One line from the log, cleaned.
        reason: String,
        /// The end of the log.
        log: String,
    },
    /// Killed by a limit.
    #[error("decoding the film needed more {} than is allowed", limit.as_str())]
    Limit {
        /// Which.
        limit: Limit,
        /// The end of the log.
        log: String,
    },
    /// No progress, or not finished in time.
    #[error("decoding the film made no progress for {} seconds", after.as_secs())]
    Timeout {
        /// How long it stood still, or ran altogether.
        after: Duration,
        /// The end of the log.
        log: String,
    },
    /// The caller cancelled.
    #[error("the run was cancelled")]
    Cancelled,
    /// The output is not what the plan says.
    #[error("the encoder's output is not what was planned")]
    Invalid {
        /// How.
        #[source]
        source: ValidateError,
        /// The end of the log.
        log: String,
    },
    /// The job itself makes no sense, for example a rung that the plan does not have.
    #[error("the task does not fit the plan: {0}")]
    Job(&'static str),
    /// This machine failed: no space, no process.
    #[error("the encoder could not be run on this machine")]
    Machine(#[source] io::Error),
}

impl RunError {
    /// Whose fault it is.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Source { .. } => Fault::Source,
            Self::Limit { .. } => Fault::Limit,
            Self::Timeout { .. } => Fault::Timeout,
            Self::Cancelled => Fault::Cancelled,
            Self::Invalid { .. } | Self::Job(_) | Self::Machine(_) => Fault::Ours,
        }
    }

    /// The end of ffmpeg's log, for the operator; empty where there was none.
    pub fn log_tail(&self) -> &str {
        match self {
            Self::Source { log, .. }
            | Self::Limit { log, .. }
            | Self::Timeout { log, .. }
            | Self::Invalid { log, .. } => log,
            Self::Cancelled | Self::Job(_) | Self::Machine(_) => "",
        }
    }

    /// A stable identifier for problem documents.
    pub const fn problem_type(&self) -> &'static str {
        match self {
            Self::Source { .. } => "undecodable",
            Self::Limit { .. } => "too-expensive",
            Self::Timeout { .. } => "decoder-stalled",
            Self::Cancelled => "cancelled",
            Self::Invalid { .. } | Self::Job(_) | Self::Machine(_) => "encoder-failed",
        }
    }
}

/// A source was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFailure {
    /// The film is at fault; the text says what to do.
    #[error(transparent)]
    Refused(#[from] ProbeError),
    /// The picture or sound is in a format that is kept out.
    #[error(
        "a track of this file is in a format that is not accepted here ({codec}); export it with H.264 picture and AAC sound and upload that"
    )]
    CodecNotAllowed {
        /// The decoder's name.
        codec: String,
    },
    /// More tracks than FFmpeg opens.
    #[error(
        "this file has more than a thousand tracks; export it with one picture and its sound and upload that"
    )]
    TooManyTracks,
    /// The file stops before what makes it playable.
    #[error("this file was cut off before its end: its index is missing; upload the complete file")]
    CutOff,
    /// The run failed.
    #[error("the file could not be examined")]
    Run(#[from] RunError),
}

impl ProbeFailure {
    /// Whose fault it is.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Refused(_)
            | Self::CodecNotAllowed { .. }
            | Self::TooManyTracks
            | Self::CutOff => Fault::Source,
            Self::Run(run) => run.fault(),
        }
    }

    /// A stable identifier for problem documents.
    pub const fn problem_type(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.problem_type(),
            Self::CodecNotAllowed { .. } => "codec-not-allowed",
            Self::TooManyTracks => "too-many-tracks",
            Self::CutOff => "cut-off",
            Self::Run(run) => run.problem_type(),
        }
    }

    /// A few words for a heading.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.title(),
            Self::CodecNotAllowed { .. } => "This format is not accepted",
            Self::TooManyTracks => "The file has too many tracks",
            Self::CutOff => "The file is incomplete",
            Self::Run(_) => "The file could not be examined",
        }
    }
}
