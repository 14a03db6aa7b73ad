//! What an operator can set.

use platform_auth::Role;
use platform_passwords::{Cost, Hasher};
use serde::{Deserialize, Serialize};

use crate::mail::Smtp;
use crate::oidc::Oidc;

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invitation,
    /// Nobody.
    Closed,
}

/// Configuration of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who may sign up: `open`, `invitation` or `closed`.
    pub registration: Registration,
    /// What those are who sign up without an invitation that says so: `viewer`, `uploader`,
    /// `moderator` or `admin`.
    pub new_user_role: Role,
    /// After how many days the key that signs access tokens is replaced.
    pub key_rotation_days: u32,
    /// Memory that hashing of passwords may take at a time, MiB: 19 a password; others wait.
    pub hashing_memory_mib: u32,
    /// The server that brings links to people's addresses. Without one they are in the log, for the
    /// operator to pass on.
    pub smtp: Option<Smtp>,
    /// Providers by which people sign in besides their passwords.
    pub oidc: Vec<Oidc>,
    /// Milliseconds between two removals of what is of no more use.
    pub sweep_interval_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            registration: Registration::Invitation,
            new_user_role: Role::Uploader,
            key_rotation_days: 30,
            hashing_memory_mib: 256,
            smtp: None,
            oidc: Vec::new(),
            sweep_interval_ms: 5 * 60 * 1000,
        }
    }
}

impl Config {
    /// What hashes passwords within [`hashing_memory_mib`](Self::hashing_memory_mib): one for all
    /// who do in a process.
    pub fn hasher(&self) -> Hasher {
        Hasher::new(Cost::CURRENT, self.hashing_memory_mib)
    }
}
