//! What every service starts from: configuration, lifecycle, clock, secrets, backoff, readable text.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod lifecycle;
mod redacted;
pub mod secret;
pub mod text;

pub use clock::{Clock, SystemClock};
pub use lifecycle::{Lifecycle, Signals};
pub use redacted::Redacted;
