//! Decisions without I/O.

pub(crate) mod placement;
