//! Accounts: users, sessions, API tokens, and the keys that sign access tokens.

mod domain;
mod hashing;
mod store;
