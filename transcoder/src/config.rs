//! What the operator decides.

use std::num::NonZeroUsize;
use std::time::Duration;

use media::plan::PlanSettings;
use serde::{Deserialize, Serialize};

use crate::attempt::LeaseTimes;
use crate::staging::StagingConfig;
use crate::toolbox::ToolConfig;

/// Settings of the transcoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Wide tasks encoded at a time by this process; 0: one a core.
    pub bulk_slots: usize,
    /// Tasks that somebody waits for, encoded at a time beside the wide ones; 0: one a core.
    pub urgent_slots: usize,
    /// Films examined at a time.
    pub plan_slots: usize,
    /// A worker that is silent for so long has lost its task, milliseconds.
    pub lease_ms: u64,
    /// How often a worker says that it still works, milliseconds.
    pub heartbeat_ms: u64,
    /// What plans are made of.
    pub plan: PlanSettings,
    /// ffmpeg and its box.
    pub tools: ToolConfig,
    /// Where sources lie while they are read.
    pub staging: StagingConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bulk_slots: 0,
            urgent_slots: 0,
            plan_slots: 2,
            lease_ms: 15_000,
            heartbeat_ms: 5_000,
            plan: PlanSettings::default(),
            tools: ToolConfig::default(),
            staging: StagingConfig::default(),
        }
    }
}

impl Config {
    pub(crate) fn lease_times(&self) -> LeaseTimes {
        LeaseTimes {
            lease: Duration::from_millis(self.lease_ms),
            heartbeat: Duration::from_millis(self.heartbeat_ms),
        }
    }
}

/// `slots`, or one a core this process may use.
pub(crate) fn slots(slots: usize) -> usize {
    match slots {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        slots => slots,
    }
}
