//! Nobody reads or writes what is not theirs: every operation of the document that the gateway serves,
//! asked by everybody, in every way.
//!
//! Each story also looks at the headers of every answer that it got, and ends by looking for every
//! secret that it used in the log.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed step is a failed test"
)]

mod document;
mod fields;
mod foreign_pages;
mod forwarded;
mod fuzz;
mod headers;
mod listening;
mod person;
mod presigned;
mod routes;
mod schemathesis;
mod town;
mod who_may;
