//! What tests of several crates share: conformance suites of the seams.

pub mod conformance;
