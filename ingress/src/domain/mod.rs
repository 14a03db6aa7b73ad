//! What an upload is, apart from where it is kept.

mod names;
mod part_plan;
mod parts;
mod quota;
mod upload;

pub(crate) use names::{Names, clean_file_name};
pub(crate) use part_plan::PartPlan;
pub(crate) use parts::{KnownPart, check_announced, verified};
pub use quota::Quota;
pub(crate) use quota::{Full, Used};
pub(crate) use upload::{FIRST, State, Upload};
