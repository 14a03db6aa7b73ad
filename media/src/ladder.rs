//! Which sizes of a film are made, and how many bits each may take.

use serde::{Deserialize, Serialize};

use crate::rate::Rational;

/// Short sides of the full ladder, in pixels.
pub const SHORT_SIDES: [u32; 7] = [240, 360, 480, 720, 1080, 1440, 2160];

/// A displayed picture: square pixels, after rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// The shorter of the two sides: what a rung is named by.
    pub fn short_side(self) -> u32 {
        self.width.min(self.height)
    }

    /// How many pixels.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Both sides even, each off by at most one pixel and never larger (but at least 2).
    #[must_use]
    pub fn even(self) -> Self {
        let even = |side: u32| (side & !1).max(2);
        Self {
            width: even(self.width),
            height: even(self.height),
        }
    }

    /// Scaled down so that the short side is `short`; the long side keeps the aspect to the
    /// nearest even number.
    fn scaled_to(self, short: u32) -> Self {
        let scale = |long: u32| {
            let (long, target) = (u64::from(long), u64::from(short));
            let side = u64::from(self.short_side().max(1));
            let halves = (long * target + side) / (2 * side);
            u32::try_from(halves.saturating_mul(2))
                .unwrap_or(u32::MAX)
                .max(2)
        };
        if self.width <= self.height {
            Self {
                width: short,
                height: scale(self.height),
            }
        } else {
            Self {
                width: scale(self.width),
                height: short,
            }
        }
    }
}

/// One quality of a film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Its name, `360p`: the short side of what it shows. Also its folder.
    pub name: String,
    /// The encoded picture.
    pub size: Size,
    /// Constant rate factor of the encoder.
    pub crf: u8,
    /// Cap of the rate control, kbit/s.
    pub maxrate_kbps: u32,
    /// Buffer of the rate control, kbit.
    pub bufsize_kbps: u32,
    /// H.264 level times ten: 31 is level 3.1.
    pub level: u8,
    /// RFC 6381 codec string of its segments.
    pub codec: String,
}

impl Rung {
    fn new(size: Size, rate: Rational) -> Self {
        let maxrate_kbps = maxrate_kbps(size, rate);
        let level = h264_level(size, rate, maxrate_kbps);
        Self {
            name: format!("{}p", size.short_side()),
            size,
            crf: 23,
            maxrate_kbps,
            // One second: a 4 s segment then peaks at 1.25 times the cap.
            bufsize_kbps: maxrate_kbps,
            level,
            codec: format!("avc1.6400{level:02x}"),
        }
    }

    /// The level as the encoder takes it: `3.1`.
    pub fn level_text(&self) -> String {
        format!("{}.{}", self.level / 10, self.level % 10)
    }

    /// The most a segment of nominal length can take, bit/s, container included.
    pub fn estimated_peak(&self) -> u64 {
        u64::from(self.maxrate_kbps + self.bufsize_kbps / 4) * 1000 + CONTAINER_BPS
    }

    /// What the film will take on average, bit/s: content seldom fills the cap.
    pub fn estimated_average(&self) -> u64 {
        u64::from(self.maxrate_kbps) * 600 + CONTAINER_BPS
    }
}

/// Boxes around the samples, bit/s.
const CONTAINER_BPS: u64 = 8_000;

/// The rungs for a displayed picture: those of `short_sides` that do not exceed it, and its own
/// size when it is smaller than all of them. Smallest first, never empty.
pub fn rungs(displayed: Size, rate: Rational, short_sides: &[u32]) -> Vec<Rung> {
    let source = displayed.even();
    let mut sides: Vec<u32> = short_sides
        .iter()
        .map(|side| side & !1)
        .filter(|side| *side >= 2)
        .collect();
    sides.sort_unstable();
    sides.dedup();
    // An odd source of 1081 lines is a 1080p source: compare what is really encoded.
    sides.retain(|side| *side <= source.short_side());
    if sides.is_empty() {
        return vec![Rung::new(source, rate)];
    }
    sides
        .into_iter()
        .map(|side| {
            let size = if side == source.short_side() {
                source
            } else {
                source.scaled_to(side)
            };
            Rung::new(size, rate)
        })
        .collect()
}

/// Caps at up to 30 frames a second, by pixels; between them by straight lines.
const CAPS: [(u64, u64); 8] = [
    (0, 100),
    (102_240, 500),
    (230_400, 1_000),
    (409_920, 1_700),
    (921_600, 3_200),
    (2_073_600, 6_000),
    (3_686_400, 10_000),
    (8_294_400, 18_000),
];

fn maxrate_kbps(size: Size, rate: Rational) -> u32 {
    let pixels = size.pixels();
    let mut below = (0, 100);
    let mut cap = 18_000;
    for (at, kbps) in CAPS {
        if pixels <= at {
            let (from, start) = below;
            cap = start + (kbps - start) * (pixels - from) / (at - from).max(1);
            break;
        }
        below = (at, kbps);
    }
    let fast = rate.as_f64() > 30.5;
    let kbps = if fast { cap * 3 / 2 } else { cap };
    u32::try_from(kbps.div_ceil(10) * 10).unwrap_or(u32::MAX)
}

/// Limits of a level (ITU-T H.264 table A-1): level times ten, macroblocks a second, macroblocks
/// a frame, kbit/s (Baseline; High may take 1.25 times as much).
const LEVELS: [(u8, u64, u64, u64); 16] = [
    (11, 3_000, 396, 192),
    (12, 6_000, 396, 384),
    (13, 11_880, 396, 768),
    (20, 11_880, 396, 2_000),
    (21, 19_800, 792, 4_000),
    (22, 20_250, 1_620, 4_000),
    (30, 40_500, 1_620, 10_000),
    (31, 108_000, 3_600, 14_000),
    (32, 216_000, 5_120, 20_000),
    (40, 245_760, 8_192, 20_000),
    (42, 522_240, 8_704, 50_000),
    (50, 589_824, 22_080, 135_000),
    (51, 983_040, 36_864, 240_000),
    (52, 2_073_600, 36_864, 240_000),
    (60, 4_177_920, 139_264, 240_000),
    (62, 16_711_680, 139_264, 800_000),
];

/// The lowest level that allows the picture, its rate and its cap in High profile.
fn h264_level(size: Size, rate: Rational, maxrate_kbps: u32) -> u8 {
    let across = u64::from(size.width.div_ceil(16));
    let down = u64::from(size.height.div_ceil(16));
    let frame = across * down;
    let second = (frame * u64::from(rate.num())).div_ceil(u64::from(rate.den()));
    LEVELS
        .into_iter()
        .find(|(_, per_second, per_frame, kbps)| {
            let longest = across.max(down);
            frame <= *per_frame
                && second <= *per_second
                && longest * longest <= 8 * per_frame
                && u64::from(maxrate_kbps) * 4 <= kbps * 5
        })
        .map_or(62, |(level, ..)| level)
}
