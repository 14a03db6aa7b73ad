//! Facts leave through the outbox: a row change and the event that tells of it commit together.
//!
//! On the embedded bus the outbox is the log. Any other bus gets the events from a table, by a
//! relay that one process at a time runs.

mod kept;
mod lease;
mod relay;
mod table;
#[cfg(test)]
mod tests;

use platform_db::{Db, DbError, Outbox, Tx};
use schemas::v1::Event;

use crate::{OpenBusError, Outgoing, Topic, embedded};

pub(crate) use kept::Place;
pub(crate) use relay::{Outlet, Relay};

/// Appends `event` to the outbox within `tx`. It is published when the transaction commits, and
/// not at all when it does not.
pub async fn append(tx: &mut Tx, topic: Topic, key: &str, event: &Event) -> Result<(), DbError> {
    let message = message(topic, key, event);
    match tx.outbox() {
        Outbox::Log => embedded::append(tx, &[message]).await,
        Outbox::Relay => table::append(tx, &message).await,
    }
}

/// Has the relay publish again what it has published and keeps, in its order, before what waits:
/// for brokers that do not have it. Returns how many events these are.
pub async fn publish_again(db: &Db) -> Result<u64, OpenBusError> {
    db.migrate("outbox", table::MIGRATIONS).await?;
    let again = db.write(async |mut tx| {
        let again = kept::publish_again(&mut tx).await?;
        tx.commit().await?;
        Ok::<_, DbError>(again)
    });
    Ok(again.await?)
}

/// The message that carries `event`, with the current trace in its headers.
pub fn message(topic: Topic, key: &str, event: &Event) -> Outgoing {
    let mut headers = vec![("event-id".to_owned(), event.event_id.clone())];
    if let Some(traceparent) = platform_telemetry::current_traceparent() {
        headers.push(("traceparent".to_owned(), traceparent));
    }
    Outgoing {
        topic: topic.name().to_owned(),
        key: key.to_owned(),
        payload: schemas::encode(event),
        headers,
    }
}
