//! What the transcoder's words mean, without rows, objects or processes.

mod bitmap;
mod film;
mod ranges;
mod renditions;
mod tasks;
mod track;
mod work;

pub(crate) use bitmap::Bitmap;
pub(crate) use film::{Film, FilmKey, FilmState};
pub(crate) use ranges::{missing, ready_spans};
pub(crate) use renditions::renditions;
pub(crate) use tasks::{NewTask, bulk_after, planned, wanted};
pub(crate) use track::Track;
pub(crate) use work::{Priority, Queue, Work};
