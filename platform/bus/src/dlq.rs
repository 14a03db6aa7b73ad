//! Dead letters: messages that a group gave up on, with the reason in their headers.

use crate::{Delivery, Outgoing};

/// What a topic's name ends with when it holds the dead letters of another.
const SUFFIX: &str = ".dlq";
const REASON: &str = "dlq-reason";
const ATTEMPTS: &str = "dlq-attempts";
const GROUP: &str = "dlq-group";
const TOPIC: &str = "dlq-topic";
const PARTITION: &str = "dlq-partition";
const OFFSET: &str = "dlq-offset";

/// A message that a group gave up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message as it lies on the dead-letter topic.
    pub message: Delivery,
    /// Topic that it came from.
    pub topic: String,
    /// Group that gave up.
    pub group: String,
    /// Why, cause by cause.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
}

impl DeadLetter {
    /// Reads the headers of a message from a dead-letter topic.
    pub fn new(message: Delivery) -> Self {
        let header = |name| message.header(name).unwrap_or_default().to_owned();
        Self {
            topic: origin(&message),
            group: header(GROUP),
            reason: header(REASON),
            attempts: header(ATTEMPTS).parse().unwrap_or_default(),
            message,
        }
    }
}

/// The name of the topic that holds the dead letters of `topic`.
pub fn topic_of(topic: &str) -> String {
    format!("{topic}{SUFFIX}")
}

/// Whether the topic `name` holds dead letters.
pub(crate) fn is_dead_letter_topic(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

fn origin(message: &Delivery) -> String {
    message.header(TOPIC).map_or_else(
        || message.topic.trim_end_matches(SUFFIX).to_owned(),
        str::to_owned,
    )
}

/// `message` as a dead letter of `group`, with what there is to know about its end.
pub(crate) fn letter(message: &Delivery, group: &str, reason: String, attempts: u32) -> Outgoing {
    let mut headers = without_ours(message);
    let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
    add(REASON, reason);
    add(ATTEMPTS, attempts.to_string());
    add(GROUP, group.to_owned());
    add(TOPIC, message.topic.clone());
    add(PARTITION, message.partition.to_string());
    add(OFFSET, message.offset.to_string());
    Outgoing {
        topic: topic_of(&message.topic),
        key: message.key.clone(),
        payload: message.payload.clone(),
        headers,
    }
}

/// The dead letter `message` as it was before it died.
pub(crate) fn revived(message: &Delivery) -> Outgoing {
    Outgoing {
        topic: origin(message),
        key: message.key.clone(),
        payload: message.payload.clone(),
        headers: without_ours(message),
    }
}

fn without_ours(message: &Delivery) -> Vec<(String, String)> {
    let theirs = |(name, _): &&(String, String)| !name.starts_with("dlq-");
    message.headers.iter().filter(theirs).cloned().collect()
}
