//! From an uploaded film to segments that play.
//!
//! Two roles: *planners* take in uploaded films, examine them and make the plan; *workers* encode.
//! Both work on tasks: rows with a lease and a fence ([`store`]), so that any number of processes
//! share the films, one that dies is taken over from, and one that comes back too late writes
//! nothing. Whatever is done can be done twice: outputs lie at fixed keys, the first valid write
//! wins, and what is recorded is recorded once.

mod attempt;
mod config;
mod consumers;
mod domain;
pub mod encode;
mod gauge;
mod http;
mod pool;
mod rush;
pub mod staging;
mod start;
mod store;
mod studio;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod toolbox;

pub use config::Config;
pub use http::openapi;
pub use start::{Deps, Running, StartError, build, build_planner, build_worker};
