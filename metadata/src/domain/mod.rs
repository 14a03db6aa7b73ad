//! What a video is in the catalogue, and how events make it so.

mod about;
mod access;
mod change;
mod edit;
mod fold;
mod video;

pub(crate) use about::{About, tag};
pub(crate) use access::{Access, AccessChange, PasswordMisfit, Visibility, may_take_down};
pub(crate) use change::{Refused, Removal, edit, news, remove, restore};
pub(crate) use edit::{Edit, Poster, Wish, check_password, check_people};
pub(crate) use fold::{fold, subject};
pub(crate) use video::{
    Chapter, Facts, Failure, Next, Part, Rendition, Shelf, State, Subtitles, Video,
};
