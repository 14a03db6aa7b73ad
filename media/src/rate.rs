//! Exact rates, and the constant rate a film gets.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// A positive fraction in lowest terms; written `30000/1001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rational {
    num: u32,
    den: u32,
}

/// The text is not a positive fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a positive fraction of 32-bit numbers")]
pub struct NotRational;

const fn gcd(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Rational {
    /// One.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// The fraction in lowest terms; `None` when either part is zero.
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        if num == 0 || den == 0 {
            return None;
        }
        let divisor = gcd(num, den);
        Some(Self {
            num: num / divisor,
            den: den / divisor,
        })
    }

    /// `num / 1`, for constants; zero is taken as one.
    const fn literal(num: u32, den: u32) -> Self {
        match Self::new(num, den) {
            Some(rate) => rate,
            None => Self::ONE,
        }
    }

    /// Numerator; the timescale of a track whose frame rate this is.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Denominator; one frame's length in ticks of [`Self::num`].
    pub const fn den(self) -> u32 {
        self.den
    }

    /// The value as floating point, for display only.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// This value divided by a whole number.
    #[must_use]
    pub fn divided_by(self, divisor: u32) -> Option<Self> {
        Self::new(self.num, self.den.checked_mul(divisor)?)
    }

    /// The time at which frame number `frames` starts, rounded to the nearest microsecond.
    pub fn frames_to_micros(self, frames: u64) -> Micros {
        let ticks = i128::from(frames) * i128::from(self.den) * 1_000_000;
        Micros(saturate(div_round(ticks, i128::from(self.num))))
    }

    /// The number of frames nearest to a span; negative spans have none.
    pub fn micros_to_frames_round(self, span: Micros) -> u64 {
        let scaled = i128::from(span.0) * i128::from(self.num);
        count(div_round(scaled, i128::from(self.den) * 1_000_000))
    }

    /// The number of frames needed to cover a span.
    pub fn micros_to_frames_ceil(self, span: Micros) -> u64 {
        let scaled = i128::from(span.0) * i128::from(self.num);
        let unit = i128::from(self.den) * 1_000_000;
        count(scaled.div_euclid(unit) + i128::from(scaled.rem_euclid(unit) != 0))
    }

    /// The frame shown at a time.
    pub fn micros_to_frames_floor(self, span: Micros) -> u64 {
        let scaled = i128::from(span.0) * i128::from(self.num);
        count(scaled.div_euclid(i128::from(self.den) * 1_000_000))
    }

    /// How far two rates are apart, in millionths of the other.
    fn parts_per_million_from(self, other: Self) -> u128 {
        let ours = u128::from(self.num) * u128::from(other.den);
        let theirs = u128::from(other.num) * u128::from(self.den);
        ours.abs_diff(theirs) * 1_000_000 / theirs.max(1)
    }
}

/// Division rounded to nearest, halves upward; `unit` is positive.
fn div_round(value: i128, unit: i128) -> i128 {
    (2 * value + unit).div_euclid(2 * unit)
}

fn count(value: i128) -> u64 {
    u64::try_from(value.max(0)).unwrap_or(u64::MAX)
}

fn saturate(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        let ours = u64::from(self.num) * u64::from(other.den);
        ours.cmp(&(u64::from(other.num) * u64::from(self.den)))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl FromStr for Rational {
    type Err = NotRational;
    fn from_str(text: &str) -> Result<Self, NotRational> {
        let (num, den) = text.split_once(['/', ':']).unwrap_or((text, "1"));
        let part = |digits: &str| digits.trim().parse::<u32>().ok();
        let (Some(num), Some(den)) = (part(num), part(den)) else {
            return Err(NotRational);
        };
        Self::new(num, den).ok_or(NotRational)
    }
}

impl TryFrom<String> for Rational {
    type Error = NotRational;
    fn try_from(text: String) -> Result<Self, NotRational> {
        text.parse()
    }
}

impl From<Rational> for String {
    fn from(rate: Rational) -> Self {
        rate.to_string()
    }
}

/// The rates a film of no constant rate of its own may get.
const STANDARD: [Rational; 12] = [
    Rational::literal(5, 1),
    Rational::literal(10, 1),
    Rational::literal(12, 1),
    Rational::literal(15, 1),
    Rational::literal(24_000, 1001),
    Rational::literal(24, 1),
    Rational::literal(25, 1),
    Rational::literal(30_000, 1001),
    Rational::literal(30, 1),
    Rational::literal(48, 1),
    Rational::literal(50, 1),
    Rational::literal(60_000, 1001),
];
const SIXTY: Rational = Rational::literal(60, 1);

/// Rates nearer than this are the same rate written differently (23.976 and 24000/1001).
/// 30 and 30000/1001 are 1000 apart.
const SAME_RATE_PPM: u128 = 200;

fn standard_rates() -> impl Iterator<Item = Rational> {
    STANDARD.into_iter().chain([SIXTY])
}

/// The rate that is written more usually, when there is one within a few parts per million.
fn canonical(rate: Rational) -> Rational {
    standard_rates()
        .find(|standard| rate.parts_per_million_from(*standard) < SAME_RATE_PPM)
        .unwrap_or(rate)
}

/// Whether the two rates that `ffprobe` reports tell of constant frame durations.
pub fn is_constant(r_frame_rate: Rational, avg_frame_rate: Rational) -> bool {
    r_frame_rate.parts_per_million_from(avg_frame_rate) < SAME_RATE_PPM
        && r_frame_rate >= Rational::ONE
}

/// What a film's frames become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputRate {
    /// The constant rate of every rung.
    pub rate: Rational,
    /// Every how manieth source frame is kept, when the source is constant.
    pub keep_every: u32,
    /// The source has a constant rate: frames map one to one (or `keep_every` to one).
    pub constant_source: bool,
}

/// The constant rate for a film: its own where that is constant and at most 60, an integer
/// fraction of it above, and the nearest standard rate for sources of varying frame durations.
pub fn output_rate(r_frame_rate: Option<Rational>, avg_frame_rate: Option<Rational>) -> OutputRate {
    // Above this it is the container's clock (1000, 90000), not the film's rate.
    let told = |rate: &Rational| *rate <= FASTEST;
    let (base, average) = (r_frame_rate.filter(told), avg_frame_rate.filter(told));
    let (base, average) = match (base, average) {
        (Some(base), Some(average)) if is_constant(base, average) => {
            let (rate, keep_every) = divide_to_sixty(canonical(base));
            return OutputRate {
                rate: canonical(rate),
                keep_every,
                constant_source: true,
            };
        }
        (Some(base), Some(average)) => (base, average),
        (Some(only), None) | (None, Some(only)) => (only, only),
        (None, None) => (UNTOLD, UNTOLD),
    };
    // A phone's clip has a nominal rate (base) that its average misses by a few dropped frames.
    let nominal = canonical(base);
    let near_nominal = standard_rates().any(|standard| standard == nominal)
        && nominal.parts_per_million_from(average) < 100_000;
    let (wished, _) = divide_to_sixty(if near_nominal { nominal } else { average });
    OutputRate {
        rate: nearest_standard(wished),
        keep_every: 1,
        constant_source: false,
    }
}

/// The fastest rate that a camera has.
const FASTEST: Rational = Rational::literal(960, 1);
/// For sources that do not tell their rate: phones and browsers record about so many.
const UNTOLD: Rational = Rational::literal(30, 1);

fn divide_to_sixty(rate: Rational) -> (Rational, u32) {
    // 60.01 is 60 badly measured, not a reason to halve.
    let limit = Rational::literal(60_012, 1000);
    (1..)
        .map_while(|divisor| rate.divided_by(divisor).map(|rate| (rate, divisor)))
        .find(|(divided, _)| *divided <= limit)
        .unwrap_or((SIXTY, 1))
}

fn nearest_standard(rate: Rational) -> Rational {
    standard_rates()
        .min_by_key(|standard| rate.parts_per_million_from(*standard))
        .unwrap_or(UNTOLD)
}

#[cfg(test)]
mod tests {
    use super::{OutputRate, Rational, output_rate};
    use crate::time::Micros;
    use proptest::prelude::*;

    fn rate(text: &str) -> Rational {
        text.parse().unwrap()
    }

    fn of(base: &str, average: &str) -> (String, u32, bool) {
        let OutputRate {
            rate,
            keep_every,
            constant_source,
        } = output_rate(base.parse().ok(), average.parse().ok());
        (rate.to_string(), keep_every, constant_source)
    }

    #[test]
    fn constant_sources_keep_their_rate() {
        for kept in [
            "12/1",
            "15/1",
            "24000/1001",
            "24/1",
            "25/1",
            "30000/1001",
            "30/1",
            "50/1",
            "60000/1001",
            "60/1",
            "37/2",
            "1/1",
        ] {
            assert_eq!(of(kept, kept), (kept.to_owned(), 1, true));
        }
        // The same rate as Matroska writes it.
        assert_eq!(
            of("2997/125", "13978/583"),
            ("24000/1001".to_owned(), 1, true)
        );
    }

    #[test]
    fn fast_sources_are_divided_by_whole_numbers() {
        assert_eq!(of("120/1", "120/1"), ("60/1".to_owned(), 2, true));
        assert_eq!(of("240/1", "240/1"), ("60/1".to_owned(), 4, true));
        assert_eq!(
            of("120000/1001", "120000/1001"),
            ("60000/1001".to_owned(), 2, true)
        );
        assert_eq!(of("100/1", "100/1"), ("50/1".to_owned(), 2, true));
        assert_eq!(of("144/1", "144/1"), ("48/1".to_owned(), 3, true));
    }

    #[test]
    fn varying_sources_get_the_nearest_standard_rate() {
        // A phone's clip: nominally 30, a few frames dropped.
        assert_eq!(of("30/1", "2997000/100043"), ("30/1".to_owned(), 1, false));
        // A screen recording.
        assert_eq!(of("1000/1", "97/4"), ("24/1".to_owned(), 1, false));
        // Never 50 -> 30.
        assert_eq!(of("90000/1", "4990/101"), ("50/1".to_owned(), 1, false));
        assert_eq!(of("0/0", "25/1"), ("25/1".to_owned(), 1, false));
        assert_eq!(of("0/0", "0/0"), ("30/1".to_owned(), 1, false));
        // A browser's recording tells the clock of its container.
        assert_eq!(of("1000/1", "1000/1"), ("30/1".to_owned(), 1, false));
        assert_eq!(of("90000/1", "0/0"), ("30/1".to_owned(), 1, false));
    }

    #[test]
    fn fractions_are_exact_text() {
        assert_eq!(rate("50/2").to_string(), "25/1");
        assert_eq!(rate("4:3"), rate("8/6"));
        for nonsense in ["0/0", "1/0", "0/1", "a/b", "", "-1/2", "99999999999/1"] {
            assert!(nonsense.parse::<Rational>().is_err(), "{nonsense}");
        }
        let json = serde_json::to_string(&rate("30000/1001")).unwrap();
        assert_eq!(json, "\"30000/1001\"");
        assert!(serde_json::from_str::<Rational>("\"0/0\"").is_err());
    }

    proptest! {
        #[test]
        fn output_rates_are_between_one_and_sixty(
            base in (1_u32..200_000, 1_u32..2_000), average in (1_u32..200_000, 1_u32..2_000),
        ) {
            let base = Rational::new(base.0, base.1);
            let average = Rational::new(average.0, average.1);
            let output = output_rate(base, average);
            prop_assert!(output.rate >= rate("1/1"), "{}", output.rate);
            prop_assert!(output.rate <= rate("60012/1000"), "{}", output.rate);
        }

        #[test]
        fn a_frame_and_its_time_are_the_same_moment(
            frame in 0_u64..10_000_000, num in 1_u32..120_000, den in 1_u32..1_002,
        ) {
            let rate = Rational::new(num, den).unwrap();
            // Times are told apart in whole microseconds only.
            prop_assume!(rate <= Rational::new(100_000, 1).unwrap());
            let time = rate.frames_to_micros(frame);
            prop_assert_eq!(rate.micros_to_frames_round(time), frame);
            prop_assert_eq!(rate.micros_to_frames_floor(time + Micros(1)), frame);
            prop_assert!(rate.micros_to_frames_ceil(time - Micros(1)) <= frame);
        }
    }
}
