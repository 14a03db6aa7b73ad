//! What every service starts from: configuration, lifecycle, clock, secrets, backoff.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod lifecycle;
mod redacted;
pub mod secret;

pub use clock::{Clock, SystemClock};
pub use lifecycle::Lifecycle;
pub use redacted::Redacted;
