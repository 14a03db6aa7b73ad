//! What a video is in the catalogue, and how events make it so.

mod edit;
mod fold;
mod video;

pub(crate) use edit::Edit;
pub(crate) use fold::{fold, subject};
pub(crate) use video::{Chapter, Facts, Failure, Rendition, State, Subtitles, Video};
