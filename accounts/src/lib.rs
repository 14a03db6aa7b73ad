//! Accounts: users, sessions, API tokens, and the keys that sign access tokens.

mod domain;
mod error;
mod hashing;
mod keys;
mod store;
