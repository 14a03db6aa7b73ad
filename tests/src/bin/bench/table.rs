//! What is printed.

use std::io::Write as _;

/// Prints a line.
pub(crate) fn line(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("somebody reads");
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value that 99 of 100 do not exceed: the nearest rank.
pub(crate) fn p99(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// Milliseconds to the tenth.
pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1000.0)
}

/// Seconds to the millisecond.
pub(crate) fn seconds(value: f64) -> String {
    format!("{value:.3} s")
}
