//! What the operator may say about ffmpeg and its box.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the external tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolConfig {
    /// The `ffmpeg` to run; searched in the usual places when absent.
    pub ffmpeg: Option<PathBuf>,
    /// The `ffprobe` to run; searched in the usual places when absent.
    pub ffprobe: Option<PathBuf>,
    /// How strangers' bytes are kept apart from this machine.
    pub sandbox: SandboxChoice,
    /// Where running jobs keep their files.
    pub scratch: PathBuf,
    /// Address space that one run may take, MiB.
    pub memory_mib: u64,
    /// Bytes that one run may write, MiB.
    pub output_mib: u64,
    /// Pixels that one decoded picture may have.
    pub max_pixels: u64,
    /// A run that makes no progress for so long is killed, seconds.
    pub stall_secs: u64,
    /// x264's preset.
    pub preset: Preset,
    /// Threads of a bulk run; 0 lets ffmpeg decide.
    pub threads: u32,
}

impl Default for ToolConfig {
    fn default() -> Self {
        Self {
            ffmpeg: None,
            ffprobe: None,
            sandbox: SandboxChoice::Auto,
            scratch: PathBuf::from("scratch"),
            memory_mib: 4096,
            output_mib: 2048,
            max_pixels: 8192 * 4320,
            stall_secs: 60,
            preset: Preset::Veryfast,
            threads: 0,
        }
    }
}

/// Which box to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxChoice {
    /// The best one that works here.
    #[default]
    Auto,
    /// bubblewrap, or refuse to start.
    Bubblewrap,
    /// Landlock and seccomp, or refuse to start.
    Landlock,
    /// None: for machines where neither works and the uploads are trusted.
    Off,
}

/// Speed of x264 against size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "these are x264's own names")]
pub enum Preset {
    Ultrafast,
    Superfast,
    #[default]
    Veryfast,
    Faster,
    Fast,
    Medium,
    Slow,
}

impl Preset {
    /// The name that x264 knows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ultrafast => "ultrafast",
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
            Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow",
        }
    }
}
