//! The schema only grows. Bytes that earlier versions wrote are kept in `golden/`, with the schema
//! that they were written by; this build reads them as they were meant.
//!
//! When a message or field is added, `cargo test -p schemas --test golden -- --ignored` writes what
//! is missing there, for it to be committed. It replaces nothing.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

mod compatible;
mod earlier;
mod newer;
mod values;
mod wire;
