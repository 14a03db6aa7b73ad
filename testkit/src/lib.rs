//! What tests of several crates share: conformance suites of the seams.

pub mod conformance;
pub mod faults;
#[cfg(feature = "film")]
pub mod film;
pub mod memory_blobs;
pub mod nginx;
pub mod ports;
pub mod postgres;
pub mod real;
pub mod room;
pub mod rows;
pub mod servers;
#[cfg(feature = "services")]
pub mod services;
pub mod stage;
pub mod tls;
