//! Films on two nginx edges: seeded to both, played from either.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a failed step is a failed test"
)]

mod death;
mod private;
mod tls;
mod town;
