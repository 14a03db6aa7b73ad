//! Under construction.

pub mod encode;
pub mod staging;
pub mod toolbox;
