//! Passwords, whatever they are for: hashes within a budget of memory, and how long somebody who
//! guesses has to wait.

mod hashing;
mod place;
mod tries;
mod wait;

pub use hashing::{Cost, HashError, Hasher, Verdict};
pub use place::place_of;
pub use tries::{Tries, Try, TryError};
