//! Bit rates that manifests announce: estimates of the plan until the film is measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ladder::Rung;
use crate::plan::{AudioTrack, Plan};
use crate::time::Micros;

/// Bit rates of one rung or track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// The largest bit rate of any segment, bit/s.
    pub peak: u64,
    /// The average over the film, bit/s.
    pub average: u64,
}

impl Bandwidth {
    /// From the size of each segment and its length; `None` without segments.
    pub fn measure(segments: impl IntoIterator<Item = (u64, Micros)>) -> Option<Self> {
        let mut peak = 0;
        let (mut bytes, mut span) = (0_u64, Micros::ZERO);
        for (size, length) in segments {
            peak = peak.max(bits_per_second(size, length)?);
            bytes = bytes.saturating_add(size);
            span = span + length;
        }
        Some(Self {
            peak,
            average: bits_per_second(bytes, span)?,
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            peak: self.peak + other.peak,
            average: self.average + other.average,
        }
    }
}

/// Rounded up; `None` for no length.
fn bits_per_second(bytes: u64, span: Micros) -> Option<u64> {
    let micros = u128::try_from(span.0).ok().filter(|micros| *micros > 0)?;
    u64::try_from((u128::from(bytes) * 8_000_000).div_ceil(micros)).ok()
}

/// What was measured of a film; empty at plan time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// By the rung's name.
    pub video: BTreeMap<String, Bandwidth>,
    /// By track number.
    pub audio: BTreeMap<u32, Bandwidth>,
}

impl Measured {
    /// Bit rates of a rung alone.
    pub(crate) fn rung(&self, rung: &Rung) -> Bandwidth {
        self.video
            .get(&rung.name)
            .copied()
            .unwrap_or_else(|| Bandwidth {
                peak: rung.estimated_peak(),
                average: rung.estimated_average(),
            })
    }

    /// Bit rates of a track.
    pub fn track(&self, number: u32, track: &AudioTrack) -> Bandwidth {
        self.audio
            .get(&number)
            .copied()
            .unwrap_or_else(|| Bandwidth {
                peak: track.estimated_peak(),
                average: track.estimated_average(),
            })
    }

    /// Bit rates of a rung with the track that takes most: what an HLS variant announces.
    pub fn variant(&self, plan: &Plan, rung: &Rung) -> Bandwidth {
        let own = self.rung(rung);
        let costliest = plan
            .track_numbers()
            .zip(&plan.audio)
            .map(|(number, track)| self.track(number, track))
            .max_by_key(|bandwidth| bandwidth.peak);
        costliest.map_or(own, |audio| own.plus(audio))
    }
}
