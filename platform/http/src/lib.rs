//! HTTP as every service speaks it: one way to serve, to fail, to find and to call each other.

mod bearer;
pub mod client;
mod discovery;
mod holdings;
mod principal;
mod problem;
mod request;
mod server;
mod trust;

pub use bearer::BearerKeys;
pub use client::{CallError, Client};
pub use discovery::{Addresses, Discovery, DiscoveryError, Replicas, Service};
pub use holdings::{HOLDINGS_PAGE, HOLDINGS_PATH, Holdings, HoldingsQuery, Wanted};
pub use principal::{Internal, PRINCIPAL_HEADER, Principal, UNLOCK_HEADER, Visitor};
pub use problem::{Problem, ProblemDocument};
pub use server::{Health, Running, ServeError, Server, serve};
pub use trust::{Admission, Trust, recognise};

/// The W3C `traceparent` of the current span, for callers that build requests themselves.
pub use platform_telemetry::current_traceparent;
