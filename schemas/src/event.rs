//! The envelope of every event.

use bytes::Bytes;
use prost::Message as _;
use rand::RngCore;

use crate::v1::{Event, event::Payload};
use crate::{EventId, OwnerId, SCHEMA_VERSION};

/// Bytes that are not an event this build can read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not protobuf of the expected shape.
    #[error("the message is not a marquee.v1.Event")]
    Malformed(#[source] prost::DecodeError),
}

/// What a publisher says; [`NewEvent::stamp`] makes it an [`Event`].
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Who caused it.
    pub principal: OwnerId,
    /// What happened.
    pub payload: Payload,
}

impl NewEvent {
    /// An event caused by `principal`.
    pub fn new(principal: OwnerId, payload: Payload) -> Self {
        Self { principal, payload }
    }

    /// Adds id, time and version.
    pub fn stamp(self, now_ms: i64, rng: &mut dyn RngCore) -> Event {
        Event {
            event_id: EventId::random(rng).into(),
            occurred_at_ms: now_ms,
            schema_version: SCHEMA_VERSION,
            principal: self.principal.as_str().to_owned(),
            payload: Some(self.payload),
        }
    }
}

/// The event's bytes.
pub fn encode(event: &Event) -> Bytes {
    event.encode_to_vec().into()
}

/// Reads an event. A payload that this build does not know leaves `payload` empty.
pub fn decode(bytes: &[u8]) -> Result<Event, EventError> {
    Event::decode(bytes).map_err(EventError::Malformed)
}
