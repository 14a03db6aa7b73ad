//! Decisions without I/O.

pub(crate) mod boxes;
pub(crate) mod part;
pub(crate) mod playlist;
pub(crate) mod policy;
