//! The real stack, every service a process of its own: how long an upload takes to a worker, and a
//! player to its first frame.

mod bare;
mod frames;
mod starts;

/// How many uploads one after another, and how many again at a time, unless told otherwise.
const UPLOADS: usize = 200;

pub(crate) async fn run(uploads: Option<usize>) {
    starts::run(uploads.unwrap_or(UPLOADS)).await;
    frames::run().await;
}
