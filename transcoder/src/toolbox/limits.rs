//! What one run may take from this machine.

use std::time::Duration;

use media::Plan;
use media::ladder::Rung;

use super::ToolConfig;

const MIB: u64 = 1024 * 1024;
/// Libraries, stacks and the allocator's reserves of one ffmpeg.
const BASE_MEMORY: u64 = 1024 * MIB;

/// Limits of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Address space, bytes.
    pub(crate) memory: u64,
    /// Processor time.
    pub(crate) cpu: Duration,
    /// Bytes written, all files together.
    pub(crate) output: u64,
    /// Bytes printed.
    pub(crate) stdout: usize,
    /// Time without progress; for runs that report none, time altogether.
    pub(crate) stall: Duration,
    /// Time altogether.
    pub(crate) wall: Duration,
}

impl Limits {
    /// For looking at a file.
    pub(crate) fn probe(config: &ToolConfig) -> Self {
        Self {
            memory: BASE_MEMORY.min(config.memory_mib * MIB),
            cpu: Duration::from_secs(30),
            output: MIB,
            stdout: 16 * 1024 * 1024,
            stall: Duration::from_mins(1),
            wall: Duration::from_mins(1),
        }
    }

    /// For encoding sound, or one picture.
    pub(crate) fn light(config: &ToolConfig, skipped: Duration) -> Self {
        let stall = Duration::from_secs(config.stall_secs) + skipped / 10;
        Self {
            memory: BASE_MEMORY.min(config.memory_mib * MIB),
            cpu: Duration::from_secs(90) + skipped / 10,
            output: 64 * MIB,
            stdout: 1024 * 1024,
            stall,
            wall: Duration::from_mins(10) + stall,
        }
    }

    /// For writing the film's own packets into another container.
    pub(crate) fn copy(config: &ToolConfig, size: u64) -> Self {
        Self {
            memory: BASE_MEMORY.min(config.memory_mib * MIB),
            cpu: Duration::from_secs(90 + size / (20 * MIB)),
            output: size + size / 4 + 16 * MIB,
            stdout: 1024 * 1024,
            stall: Duration::from_secs(config.stall_secs),
            wall: Duration::from_secs(600 + size / MIB),
        }
    }

    /// For encoding `frames` frames of these rungs. `skipped` is film that is decoded on the way.
    pub(crate) fn video(
        config: &ToolConfig,
        plan: &Plan,
        rungs: &[&Rung],
        frames: u64,
        skipped: Duration,
    ) -> Self {
        let out: u64 = rungs.iter().map(|rung| rung.size.pixels()).sum();
        let video = plan.source.video.as_ref();
        let source = video.map_or(0, |video| video.coded.pixels());
        // Decoder, filters and encoder each hold some tens of frames; tone mapping counts in floats.
        let tone_mapping = if video.is_some_and(|video| video.hdr.is_some()) {
            400
        } else {
            0
        };
        let memory = BASE_MEMORY + source * 96 + out * (120 + tone_mapping);
        // Several times slower than the slowest machine that makes sense.
        let megapixels = (source + 2 * out) * frames / 1_000_000;
        let bits: u64 = rungs.iter().map(|rung| rung.estimated_peak()).sum();
        let seconds = u64::try_from(plan.grid.frame_time(frames).0 / 1_000_000).unwrap_or(0) + 2;
        let stall = Duration::from_secs(config.stall_secs) + skipped / 2;
        Self {
            memory: memory.min(config.memory_mib * MIB),
            cpu: Duration::from_secs(60 + megapixels) + skipped * 2,
            // Three times what is expected at most.
            output: (bits / 8 * seconds * 3 + 8 * MIB).min(config.output_mib * MIB),
            stdout: 1024 * 1024,
            stall,
            wall: Duration::from_secs(600 + megapixels) + skipped * 2,
        }
    }
}
