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

/// Seconds to the millisecond.
pub(crate) fn seconds(value: f64) -> String {
    format!("{value:.3} s")
}
