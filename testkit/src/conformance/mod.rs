//! Conformance suites: what every implementation of a seam keeps, the embedded and the real ones
//! alike.

pub mod blob;
pub mod bus;
#[cfg(feature = "edge")]
pub mod edge;
pub mod rows;
#[cfg(feature = "search")]
pub mod search;
