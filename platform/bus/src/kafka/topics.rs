//! Finding the brokers at start, and making and checking the topics.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use super::OpenKafkaError;
use super::client::{Ear, Names};
use crate::config::{Config, Security};
use crate::dlq;

/// How long one question to the brokers may take.
const ASK: Duration = Duration::from_secs(3);
/// How often the one who waits is told what for.
const TELL: Duration = Duration::from_secs(5);
/// How long a topic that was made may take to be known to all brokers.
const SPREAD: Duration = Duration::from_secs(20);

/// Partitions of every topic on the brokers, by name.
type Known = BTreeMap<String, usize>;

/// Makes those of `topics` that are missing, and complains of those that are not as configured.
pub(super) async fn ensure(
    settings: &ClientConfig,
    config: &Config,
    topics: &[String],
) -> Result<(), OpenKafkaError> {
    let names = Names::new(config);
    let wanted: Vec<String> = topics.iter().map(|topic| names.topic(topic)).collect();
    let known = find_brokers(settings, config).await?;
    let admin: AdminClient<Ear> = settings
        .create_with_context(Ear::default())
        .map_err(OpenKafkaError::Settings)?;
    let (there, missing): (Vec<_>, Vec<_>) =
        wanted.iter().partition(|name| known.contains_key(*name));
    make(&admin, config, &missing).await?;
    for name in &there {
        let partitions = known.get(*name).copied().unwrap_or_default();
        if partitions < usize::from(config.partitions) {
            warn!(
                topic = name,
                partitions,
                wanted = config.partitions,
                "a topic has fewer partitions than events.partitions: it stays so, because more \
                 would break the order of events; lower the setting, or add them with Kafka's \
                 tools while nothing runs and all groups are caught up"
            );
        }
    }
    check_retention(&admin, config, &there).await;
    if missing.is_empty() {
        return Ok(());
    }
    let begin = Instant::now();
    while begin.elapsed() < SPREAD {
        let known = find_brokers(settings, config).await?;
        if wanted.iter().all(|name| known.contains_key(name)) {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Err(OpenKafkaError::Spread)
}

/// Waits until a broker answers.
async fn find_brokers(settings: &ClientConfig, config: &Config) -> Result<Known, OpenKafkaError> {
    let settings = settings.clone();
    let brokers = config.brokers.clone().unwrap_or_default();
    let anonymous = config.security == Security::Tls && config.certificate_file.is_none();
    let limit = Duration::from_secs(config.start_wait_s.into());
    let client: BaseConsumer<Ear> = settings
        .create_with_context(Ear::default())
        .map_err(OpenKafkaError::Settings)?;
    let search = tokio::task::spawn_blocking(move || {
        let begin = Instant::now();
        let mut told = begin;
        loop {
            let error = match client.fetch_metadata(None, ASK) {
                Ok(metadata) => {
                    let topics = metadata.topics().iter();
                    let known = topics.map(|t| (t.name().to_owned(), t.partitions().len()));
                    return Ok(known.collect());
                }
                Err(error) => error,
            };
            let reason = why(&client, &error);
            let waited = begin.elapsed();
            match reason.0 {
                Code::Authentication | Code::SaslAuthenticationFailed => {
                    return Err(OpenKafkaError::Refused { reason: reason.1 });
                }
                Code::SSL => return Err(OpenKafkaError::Tls { reason: reason.1 }),
                _ if waited >= limit => {
                    return Err(OpenKafkaError::Away {
                        brokers,
                        reason: reason.1,
                        anonymous,
                    });
                }
                _ => {}
            }
            if told.elapsed() >= TELL {
                told = Instant::now();
                info!(brokers, reason = reason.1, "waiting for the event brokers");
            }
        }
    });
    search.await.map_err(OpenKafkaError::Ended)?
}

/// Why `client` was not answered.
fn why(client: &BaseConsumer<Ear>, error: &KafkaError) -> (Code, String) {
    for _ in 0..64 {
        drop(client.poll(Duration::ZERO));
    }
    // The question may fail at once; the next is not to.
    drop(client.poll(Duration::from_millis(100)));
    let code = error.rdkafka_error_code().unwrap_or(Code::Unknown);
    let complaint = client.context().take_complaint();
    complaint.unwrap_or_else(|| (code, error.to_string()))
}

async fn make(
    admin: &AdminClient<Ear>,
    config: &Config,
    missing: &[&String],
) -> Result<(), OpenKafkaError> {
    if missing.is_empty() {
        return Ok(());
    }
    let replication = config.replication.map_or(-1, i32::from);
    let retention = retention_ms(config);
    let topics: Vec<_> = missing
        .iter()
        .map(|name| {
            let replication = TopicReplication::Fixed(replication);
            let kept = if dlq::is_dead_letter_topic(name) {
                FOR_EVER
            } else {
                retention.as_str()
            };
            NewTopic::new(name, config.partitions.into(), replication).set("retention.ms", kept)
        })
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(SPREAD));
    let made = admin.create_topics(&topics, &options).await;
    for outcome in made.map_err(|source| topic_error("", source.rdkafka_error_code()))? {
        match outcome {
            Ok(topic) => info!(topic, "a topic was made"),
            // Another process was quicker.
            Err((_, Code::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(topic_error(&topic, Some(code))),
        }
    }
    Ok(())
}

fn topic_error(topic: &str, code: Option<Code>) -> OpenKafkaError {
    let code = code.unwrap_or(Code::Unknown);
    let topic = topic.to_owned();
    match code {
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            OpenKafkaError::Rights { topic }
        }
        Code::InvalidReplicationFactor => OpenKafkaError::Replication { topic },
        _ => OpenKafkaError::Make { topic, code },
    }
}

const FOR_EVER: &str = "-1";

fn retention_ms(config: &Config) -> String {
    (u64::from(config.retention_hours) * 3_600_000).to_string()
}

/// Tells of topics that keep events for another time than configured.
async fn check_retention(admin: &AdminClient<Ear>, config: &Config, topics: &[&String]) {
    let retention = retention_ms(config);
    let asked: Vec<_> = topics
        .iter()
        .filter(|name| !dlq::is_dead_letter_topic(name))
        .map(|name| ResourceSpecifier::Topic(name))
        .collect();
    if asked.is_empty() {
        return;
    }
    let answer = admin.describe_configs(&asked, &AdminOptions::new()).await;
    let Ok(resources) = answer else {
        debug!("the brokers do not tell for how long topics keep events");
        return;
    };
    for resource in resources.into_iter().flatten() {
        let kept = resource.get("retention.ms").and_then(|e| e.value.clone());
        if kept.as_ref().is_some_and(|kept| *kept != retention) {
            warn!(
                topic = ?resource.specifier,
                kept_ms = kept,
                wanted_ms = retention,
                "a topic keeps events for another time than events.retention_hours says: change \
                 its retention.ms with Kafka's tools, or the setting"
            );
        }
    }
}
