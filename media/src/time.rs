//! Time in whole microseconds, the precision in which `ffprobe` reports seconds.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time or a span, in microseconds; may be negative.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// So many whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Reads decimal seconds such as `-0.023220`; digits after the sixth are rounded.
    pub fn parse_seconds(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mut micros: i64 = 0;
        let mut fraction_digits = fraction.chars();
        for _ in 0..6 {
            let digit = fraction_digits.next().unwrap_or('0').to_digit(10)?;
            micros = micros * 10 + i64::from(digit);
        }
        if fraction_digits.next().is_some_and(|digit| digit >= '5') {
            micros += 1;
        }
        let whole: i64 = whole.parse().ok()?;
        let total = whole.checked_mul(1_000_000)?.checked_add(micros)?;
        Some(Self(if negative { -total } else { total }))
    }

    /// Reads `HH:MM:SS.fraction`, the form of Matroska's `DURATION` tag.
    pub fn parse_clock(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, ':');
        let hours: i64 = parts.next()?.parse().ok()?;
        let minutes: i64 = parts.next()?.parse().ok()?;
        let seconds = Self::parse_seconds(parts.next()?)?;
        let whole = hours
            .checked_mul(3600)?
            .checked_add(minutes.checked_mul(60)?)?;
        seconds
            .0
            .checked_add(whole.checked_mul(1_000_000)?)
            .map(Self)
    }

    /// As a [`Duration`]; negative becomes zero.
    pub fn to_duration(self) -> Duration {
        Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }

    /// Floating-point seconds, for display and JSON only; negative becomes zero.
    pub fn as_secs_f64(self) -> f64 {
        self.to_duration().as_secs_f64()
    }
}

impl fmt::Display for Micros {
    /// Decimal seconds with six digits, as `ffmpeg` takes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(
            f,
            "{sign}{}.{:06}",
            magnitude / 1_000_000,
            magnitude % 1_000_000
        )
    }
}

impl Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Micros {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Micros;
    use proptest::prelude::*;

    #[test]
    fn seconds_are_read_exactly() {
        assert_eq!(Micros::parse_seconds("5.312000"), Some(Micros(5_312_000)));
        assert_eq!(Micros::parse_seconds("-0.023220"), Some(Micros(-23_220)));
        assert_eq!(Micros::parse_seconds("7"), Some(Micros(7_000_000)));
        assert_eq!(Micros::parse_seconds("0.0000005"), Some(Micros(1)));
        for nonsense in ["", "N/A", "-", "1e3", "1.2.3", "99999999999999999999", ".5"] {
            assert_eq!(Micros::parse_seconds(nonsense), None, "{nonsense}");
        }
        assert_eq!(
            Micros::parse_clock("01:00:05.280000000"),
            Some(Micros(3_605_280_000))
        );
        assert_eq!(Micros::parse_clock("05.28"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in -1_000_000_000_000_i64..1_000_000_000_000) {
            let time = Micros(micros);
            prop_assert_eq!(Micros::parse_seconds(&time.to_string()), Some(time));
        }
    }
}
