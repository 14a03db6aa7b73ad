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
/// size when it lies between two of them or below all. Smallest first, never empty.
pub fn rungs(displayed: Size, rate: Rational, short_sides: &[u32]) -> Vec<Rung> {
    // An odd source of 1081 lines is a 1080p source: compare what is really encoded.
    let source = displayed.even();
    let own = source.short_side();
    let allowed = short_sides
        .iter()
        .map(|side| side & !1)
        .filter(|side| *side >= 2);
    let (mut sides, larger): (Vec<u32>, Vec<u32>) = allowed.partition(|side| *side <= own);
    sides.sort_unstable();
    sides.dedup();
    // Above the largest rung that may be made, that one is the limit; below it the source is.
    if !larger.is_empty() || sides.is_empty() {
        // 1088 lines replace 1080: two rungs that near cost twice and look the same.
        sides.retain(|side| u64::from(*side) * 11 <= u64::from(own) * 10);
        sides.push(own);
    }
    sides
        .into_iter()
        .map(|side| {
            let size = if side == own {
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

#[cfg(test)]
mod tests {
    use super::{SHORT_SIDES, Size, rungs};
    use crate::rate::Rational;
    use crate::testing::any_rate;
    use proptest::prelude::*;

    fn names(width: u32, height: u32) -> Vec<String> {
        let rate = Rational::new(25, 1).unwrap();
        let rungs = rungs(Size { width, height }, rate, &SHORT_SIDES);
        rungs
            .iter()
            .map(|rung| format!("{} {}x{}", rung.name, rung.size.width, rung.size.height))
            .collect()
    }

    #[test]
    fn the_short_side_names_the_rung() {
        assert_eq!(
            names(1280, 720),
            [
                "240p 426x240",
                "360p 640x360",
                "480p 854x480",
                "720p 1280x720"
            ]
        );
        assert_eq!(names(1080, 1920).last().unwrap(), "1080p 1080x1920");
        assert_eq!(names(1000, 1000).last().unwrap(), "1000p 1000x1000");
        // Between rungs, below all of them, odd.
        assert_eq!(
            names(960, 528),
            [
                "240p 436x240",
                "360p 654x360",
                "480p 872x480",
                "528p 960x528"
            ]
        );
        assert_eq!(names(176, 144), ["144p 176x144"]);
        assert_eq!(names(577, 324), ["240p 426x240", "324p 576x324"]);
        assert_eq!(names(1164, 767).last().unwrap(), "766p 1164x766");
        assert_eq!(
            names(1920, 1088).iter().rev().nth(1).unwrap(),
            "720p 1270x720"
        );
        assert_eq!(names(7680, 4320).last().unwrap(), "2160p 3840x2160");
        assert_eq!(names(1921, 1081).last().unwrap(), "1080p 1920x1080");
        assert_eq!(names(2, 1), ["2p 2x2"]);
    }

    #[test]
    fn levels_are_those_of_the_standard() {
        let level = |width, height, rate: &str| {
            let rate = rate.parse().unwrap();
            let rung = rungs(Size { width, height }, rate, &[height]).remove(0);
            (rung.codec.clone(), rung.level_text())
        };
        let is = |codec: &str, level: &str| (codec.to_owned(), level.to_owned());
        assert_eq!(level(640, 360, "30/1"), is("avc1.64001e", "3.0"));
        assert_eq!(level(1280, 720, "25/1"), is("avc1.64001f", "3.1"));
        assert_eq!(level(1280, 720, "60/1"), is("avc1.640020", "3.2"));
        assert_eq!(level(1920, 1080, "30/1"), is("avc1.640028", "4.0"));
        assert_eq!(level(1920, 1080, "60/1"), is("avc1.64002a", "4.2"));
        assert_eq!(level(3840, 2160, "30/1"), is("avc1.640033", "5.1"));
        assert_eq!(level(3840, 2160, "60/1"), is("avc1.640034", "5.2"));
    }

    proptest! {
        #[test]
        fn never_larger_never_odd_never_empty(
            width in 1_u32..9_000, height in 1_u32..9_000, rate in any_rate(),
            sides in prop::collection::vec(0_u32..4_000, 0..5),
        ) {
            let source = Size { width, height };
            for sides in [&SHORT_SIDES[..], &sides] {
                let rungs = rungs(source, rate, sides);
                prop_assert!(!rungs.is_empty());
                for rung in &rungs {
                    let Size { width: w, height: h } = rung.size;
                    prop_assert!(w % 2 == 0 && h % 2 == 0 && w >= 2 && h >= 2);
                    prop_assert!(w <= width.max(2) && h <= height.max(2), "{w}x{h} of {width}x{height}");
                    prop_assert_eq!(&rung.name, &format!("{}p", w.min(h)));
                    prop_assert!(rung.bufsize_kbps > 0 && rung.maxrate_kbps >= 100);
                    prop_assert!(rung.estimated_average() < rung.estimated_peak());
                }
                let mut names: Vec<_> = rungs.iter().map(|rung| &rung.name).collect();
                let before = names.len();
                names.dedup();
                prop_assert_eq!(names.len(), before);
                prop_assert!(rungs.is_sorted_by_key(|rung| rung.size.pixels()));
                prop_assert!(rungs.is_sorted_by_key(|rung| rung.maxrate_kbps));
            }
        }

        #[test]
        fn the_aspect_is_kept_within_a_pixel(width in 16_u32..9_000, height in 16_u32..9_000) {
            let source = Size { width, height }.even();
            let rate = Rational::new(30, 1).unwrap();
            for rung in rungs(source, rate, &SHORT_SIDES) {
                let (short, long) = (rung.size.short_side(), rung.size.width.max(rung.size.height));
                let (source_short, source_long) = (source.short_side(), width.max(height) & !1);
                let exact = f64::from(short) * f64::from(source_long) / f64::from(source_short);
                prop_assert!((f64::from(long) - exact).abs() <= 1.0, "{long} for {exact}");
            }
        }
    }
}
