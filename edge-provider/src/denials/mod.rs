//! What edges must not let through any more, and telling them.
//!
//! [`news`] hears of it and writes it down in a sequence; [`teller`] brings each edge what it has not
//! been told, which the edge knows itself by its mark. All of that can happen twice, and in several
//! processes at a time.

pub(crate) mod news;
mod speak;
mod store;
mod teller;

pub(crate) use store::{DENIED, Denials};
pub(crate) use teller::{Behind, Teller};
