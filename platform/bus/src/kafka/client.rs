//! Clients of the brokers: their settings, their logs, and what their errors mean.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use tracing::{debug, warn};

use super::OpenKafkaError;
use crate::BusError;
use crate::config::{Config, Mechanism, Security};

/// Names on the brokers.
#[derive(Debug, Clone)]
pub(super) struct Names {
    topic_prefix: String,
    group_prefix: String,
}

impl Names {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            topic_prefix: config.topic_prefix.clone(),
            group_prefix: config.group_prefix.clone(),
        }
    }

    pub(super) fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.topic_prefix)
    }

    pub(super) fn group(&self, group: &str) -> String {
        format!("{}{group}", self.group_prefix)
    }

    /// The topic that is called `name` on the brokers.
    pub(super) fn own<'n>(&self, name: &'n str) -> &'n str {
        name.strip_prefix(&self.topic_prefix).unwrap_or(name)
    }
}

/// What all clients of these brokers are set to.
pub(super) fn settings(config: &Config) -> Result<ClientConfig, OpenKafkaError> {
    let mut client = ClientConfig::new();
    client
        .set(
            "bootstrap.servers",
            config.brokers.clone().unwrap_or_default(),
        )
        .set("client.id", "marquee")
        .set("allow.auto.create.topics", "false")
        .set("socket.keepalive.enable", "true")
        .set("socket.timeout.ms", "30000")
        .set("reconnect.backoff.max.ms", "1000")
        .set("log.connection.close", "false");
    let (protocol, tls, sasl) = match config.security {
        Security::Plaintext => ("plaintext", false, false),
        Security::Tls => ("ssl", true, false),
        Security::SaslPlaintext => ("sasl_plaintext", false, true),
        Security::SaslTls => ("sasl_ssl", true, true),
    };
    client.set("security.protocol", protocol);
    if tls {
        secure(&mut client, config)?;
    }
    if sasl {
        authenticate(&mut client, config)?;
    }
    Ok(client)
}

fn secure(client: &mut ClientConfig, config: &Config) -> Result<(), OpenKafkaError> {
    let files = [
        ("ssl.ca.location", "ca_file", &config.ca_file),
        (
            "ssl.certificate.location",
            "certificate_file",
            &config.certificate_file,
        ),
        ("ssl.key.location", "key_file", &config.key_file),
    ];
    for (setting, key, file) in files {
        if let Some(file) = file {
            read(key, file)?;
            client.set(setting, file.to_string_lossy());
        }
    }
    Ok(())
}

fn authenticate(client: &mut ClientConfig, config: &Config) -> Result<(), OpenKafkaError> {
    let mechanism = match config.sasl_mechanism {
        Mechanism::Plain => "PLAIN",
        Mechanism::ScramSha256 => "SCRAM-SHA-256",
        Mechanism::ScramSha512 => "SCRAM-SHA-512",
    };
    let username = config.username.clone().ok_or(OpenKafkaError::NoUser)?;
    let password = match (&config.password_file, &config.password) {
        (Some(file), _) => read("password_file", file)?.trim().to_owned(),
        (None, Some(password)) => password.expose().to_owned(),
        (None, None) => return Err(OpenKafkaError::NoUser),
    };
    client
        .set("sasl.mechanism", mechanism)
        .set("sasl.username", username)
        .set("sasl.password", password);
    Ok(())
}

fn read(key: &'static str, file: &Path) -> Result<String, OpenKafkaError> {
    std::fs::read_to_string(file).map_err(|source| OpenKafkaError::File {
        key,
        file: PathBuf::from(file),
        source,
    })
}

/// Hears what a client has to say, and keeps the last complaint.
#[derive(Debug, Default)]
pub(super) struct Ear {
    complaint: Mutex<Option<(Code, String)>>,
}

impl Ear {
    /// The last complaint since it was last asked for.
    pub(super) fn take_complaint(&self) -> Option<(Code, String)> {
        self.complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Logs of the library go where ours go. It tells of every attempt to connect, so only problems
/// that it calls severe are warnings.
pub(super) fn log(level: RDKafkaLogLevel, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            warn!(message, "kafka client");
        }
        _ => debug!(message, "kafka client"),
    }
}

impl ClientContext for Ear {
    fn log(&self, level: RDKafkaLogLevel, _facility: &str, message: &str) {
        log(level, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(reason, "kafka client");
        // A handshake that ends while the answer is read is told of as a connection that was lost.
        let code = match error.rdkafka_error_code() {
            Some(Code::BrokerTransportFailure) if reason.contains("SSL routines") => Code::SSL,
            code => code.unwrap_or(Code::Unknown),
        };
        let mut complaint = self
            .complaint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // That all brokers are down says less than why one is.
        if complaint.is_none() || code != Code::AllBrokersDown {
            *complaint = Some((code, reason.to_owned()));
        }
    }
}

impl ConsumerContext for Ear {}

/// Something that a person must put right at the brokers.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Misfit {
    what: &'static str,
    #[source]
    source: KafkaError,
}

/// `error`, with what to do about it.
pub(super) fn explain(error: KafkaError) -> BusError {
    let Some(code) = error.rdkafka_error_code() else {
        return match error {
            KafkaError::Canceled => BusError::Unavailable(Box::new(error)),
            _ => BusError::Broken(Box::new(error)),
        };
    };
    let what = match code {
        Code::TopicAuthorizationFailed => {
            "the brokers do not let this user at a topic: allow it to read, write and describe \
             the topics that begin with events.topic_prefix"
        }
        Code::GroupAuthorizationFailed => {
            "the brokers do not let this user into a consumer group: allow it to read the groups \
             that begin with events.group_prefix"
        }
        Code::ClusterAuthorizationFailed => {
            "the brokers do not let this user publish: allow it idempotent writes on the cluster"
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
            "a topic is not there (any more): restart, which makes it anew"
        }
        Code::MessageSizeTooLarge | Code::InvalidMessageSize => {
            "an event is larger than the brokers take: raise their message.max.bytes"
        }
        Code::Authentication | Code::SaslAuthenticationFailed => {
            "the brokers refuse the user: check events.username and events.password_file"
        }
        Code::SSL => "the connection to the brokers is not secure: check events.ca_file",
        _ => return BusError::Unavailable(Box::new(error)),
    };
    BusError::Broken(Box::new(Misfit {
        what,
        source: error,
    }))
}
