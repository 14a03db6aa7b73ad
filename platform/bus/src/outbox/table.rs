//! The table of events that wait for the relay: the statements.

use platform_core::{Clock as _, SystemClock};
use platform_db::{Db, DbError, Migration, Tx};
use sqlx::Row as _;

use crate::Outgoing;

/// * `bus_outbox` has a row for each event that is not published yet, in the order of `id`.
/// * `bus_relay` says who publishes them, under which fence, and beats as long as they do.
/// * `bus_published` keeps those that are published, for a while, by the same `id`.
/// * `bus_reached` says how far partitions on the brokers reach at least.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE bus_outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL, headers TEXT NOT NULL,
        at_ms BIGINT NOT NULL);
    CREATE TABLE bus_relay (
        id BIGINT PRIMARY KEY NOT NULL, owner TEXT NOT NULL, fence BIGINT NOT NULL,
        beat BIGINT NOT NULL);
    INSERT INTO bus_relay (id, owner, fence, beat) VALUES (1, '', 0, 0)",
    ),
    Migration::new(
        2,
        "CREATE TABLE bus_published (
            id BIGINT PRIMARY KEY NOT NULL,
            topic TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL, headers TEXT NOT NULL,
            at_ms BIGINT NOT NULL);
        CREATE TABLE bus_reached (
            topic TEXT NOT NULL, part BIGINT NOT NULL, next BIGINT NOT NULL,
            PRIMARY KEY (topic, part))",
    ),
];

/// Adds `message` within `tx`. Transactions that change the same row commit in the order of the
/// ids that they get, for they are serialisable; others tell of different things.
pub(super) async fn append(tx: &mut Tx, message: &Outgoing) -> Result<(), DbError> {
    let headers = serde_json::to_string(&message.headers).unwrap_or_default();
    sqlx::query(
        "INSERT INTO bus_outbox (topic, key, payload, headers, at_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&message.topic)
    .bind(&message.key)
    .bind(message.payload.to_vec())
    .bind(headers)
    .bind(SystemClock.now_ms())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Up to `limit` of the oldest messages with their ids.
pub(super) async fn oldest(db: &Db, limit: i64) -> Result<Vec<(i64, Outgoing)>, DbError> {
    let rows =
        sqlx::query("SELECT id, topic, key, payload, headers FROM bus_outbox ORDER BY id LIMIT $1")
            .bind(limit)
            .fetch_all(db.reader())
            .await?;
    let messages = rows.iter().map(|row| {
        let headers: String = row.try_get("headers")?;
        let message = Outgoing {
            topic: row.try_get("topic")?,
            key: row.try_get("key")?,
            payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
            headers: serde_json::from_str(&headers).map_err(|e| sqlx::Error::Decode(e.into()))?,
        };
        Ok((row.try_get("id")?, message))
    });
    Ok(messages.collect::<Result<_, sqlx::Error>>()?)
}

/// How many messages wait, and since when the oldest does, in milliseconds since the epoch.
pub(super) async fn depth(db: &Db) -> Result<(u64, Option<i64>), DbError> {
    let row = sqlx::query("SELECT count(*), min(at_ms) FROM bus_outbox")
        .fetch_one(db.reader())
        .await?;
    let count: i64 = row.try_get(0)?;
    Ok((u64::try_from(count).unwrap_or_default(), row.try_get(1)?))
}
