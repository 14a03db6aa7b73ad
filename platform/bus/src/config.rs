//! The section `[events]`: which bus, and how to reach it.

use std::path::PathBuf;

use platform_core::Redacted;
use serde::{Deserialize, Serialize};

/// Where events travel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Kafka brokers to start from, `HOST:PORT,…`. Absent: events lie in the database.
    pub brokers: Option<String>,
    /// Partitions of topics that are made. More than there are consumers, for they never change.
    pub partitions: u16,
    /// Copies of topics that are made. Absent: what the brokers are configured for.
    pub replication: Option<u16>,
    /// Hours that events are kept. Dead letters are kept for ever.
    pub retention_hours: u32,
    /// Hours that published events are kept in the database, too, to be published again should the
    /// brokers lose theirs. A group that is further behind than that misses events then.
    pub keep_hours: u32,
    /// What the names of topics begin with.
    pub topic_prefix: String,
    /// What the names of consumer groups begin with.
    pub group_prefix: String,
    /// How connections are protected.
    pub security: Security,
    /// Certificate authorities of the brokers, PEM. Absent: those of the system.
    pub ca_file: Option<PathBuf>,
    /// Certificate of this client, PEM, where the brokers ask for one.
    pub certificate_file: Option<PathBuf>,
    /// Key of the certificate, PEM.
    pub key_file: Option<PathBuf>,
    /// How the password is proved.
    pub sasl_mechanism: Mechanism,
    /// User at the brokers.
    pub username: Option<String>,
    /// The user's password; better in a file.
    #[serde(skip_serializing)]
    pub password: Option<Redacted>,
    /// File with the user's password.
    pub password_file: Option<PathBuf>,
    /// A process that the brokers do not hear of for this long loses its partitions. Brokers
    /// refuse less than six seconds unless they are told otherwise.
    pub session_timeout_ms: u32,
    /// How long a consumer may finish what it was delivered before a partition that another
    /// takes over goes without it.
    pub handover_s: u32,
    /// How long to wait at start for brokers that do not answer yet.
    pub start_wait_s: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            brokers: None,
            partitions: 8,
            replication: None,
            retention_hours: 7 * 24,
            keep_hours: 24,
            topic_prefix: String::new(),
            group_prefix: String::new(),
            security: Security::default(),
            ca_file: None,
            certificate_file: None,
            key_file: None,
            sasl_mechanism: Mechanism::default(),
            username: None,
            password: None,
            password_file: None,
            session_timeout_ms: 10_000,
            handover_s: 60,
            start_wait_s: 60,
        }
    }
}

/// How connections to brokers are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    #[default]
    Plaintext,
    /// TLS, with a client certificate if one is configured.
    Tls,
    /// A password over a connection that anybody can read.
    SaslPlaintext,
    /// A password over TLS.
    SaslTls,
}

/// How a password is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Mechanism {
    /// By sending it.
    #[serde(rename = "PLAIN")]
    Plain,
    /// RFC 5802 with SHA-256.
    #[default]
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// RFC 5802 with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}
