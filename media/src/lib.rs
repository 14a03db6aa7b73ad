//! Pure media logic: what a source is, what the plan makes of it, and the bytes that carry it.
//!
//! Nothing here opens a file or a socket. Numbers that must add up are kept as whole frames,
//! samples or rationals, never as floating-point seconds.

pub mod audio_piece;
pub mod bandwidth;
pub mod dash;
pub mod fmp4;
pub mod grid;
pub mod hls;
pub mod images;
pub mod ladder;
mod language;
pub mod mp4_index;
pub mod plan;
pub mod probe;
pub mod rate;
pub mod sniff;
#[cfg(test)]
mod testing;
pub mod time;
pub mod validate;

pub use bandwidth::{Bandwidth, Measured};
pub use grid::Grid;
pub use plan::{Plan, PlanSettings};
pub use probe::Source;
pub use rate::Rational;
pub use time::Micros;
