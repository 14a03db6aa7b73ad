//! What an upload is, apart from where it is kept.

mod names;
mod part_plan;
mod parts;
mod upload;

pub(crate) use names::{Names, clean_file_name};
pub(crate) use part_plan::PartPlan;
pub(crate) use parts::{KnownPart, check_announced, verified};
pub(crate) use upload::{FIRST, State, Upload};
