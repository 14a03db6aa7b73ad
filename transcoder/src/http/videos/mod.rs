//! Films.

pub(super) mod availability;
