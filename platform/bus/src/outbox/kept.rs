//! What was published is kept for a while, should the brokers lose it: a new disk, topics that
//! somebody deleted, a database that was restored beside empty brokers.
//!
//! A partition that ends before a place where something was published has lost events. Then all
//! that is kept is published again, which is more than was lost: handlers are idempotent.

use std::collections::BTreeMap;

use platform_core::{Clock as _, SystemClock};
use platform_db::{Db, DbError, Tx};
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// Rows that are forgotten at once.
const FORGET: i64 = 2_000;

/// A place in a partition on the brokers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The topic, without its prefix.
    pub(crate) topic: String,
    pub(crate) part: i32,
    pub(crate) offset: i64,
}

/// The offset behind the last known message, by topic and partition.
pub(super) type Reached = BTreeMap<(String, i32), i64>;

/// Notes that the waiting messages `ids` are published.
pub(super) async fn keep(tx: &mut Tx, ids: &[i64]) -> Result<(), DbError> {
    let list: Vec<_> = ids.iter().map(i64::to_string).collect();
    let list = list.join(", ");
    let keep = format!(
        "INSERT INTO bus_published (id, topic, key, payload, headers, at_ms)
         SELECT id, topic, key, payload, headers, CAST($1 AS BIGINT) FROM bus_outbox
         WHERE id IN ({list}) ON CONFLICT DO NOTHING"
    );
    // Numbers and commas.
    sqlx::query(sqlx::AssertSqlSafe(keep))
        .bind(SystemClock.now_ms())
        .execute(tx.conn())
        .await?;
    let delete = format!("DELETE FROM bus_outbox WHERE id IN ({list})");
    sqlx::query(sqlx::AssertSqlSafe(delete))
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that messages are at `places`. Says whether something before them is lost.
pub(super) async fn reach(tx: &mut Tx, places: &[Place]) -> Result<bool, DbError> {
    let mut spans = BTreeMap::<_, (i64, i64)>::new();
    for place in places {
        let span = spans
            .entry((place.topic.as_str(), place.part))
            .or_insert((place.offset, place.offset));
        *span = (span.0.min(place.offset), span.1.max(place.offset));
    }
    let reached = read(&sqlx::query(REACHED).fetch_all(tx.conn()).await?)?;
    for ((topic, part), (first, last)) in spans {
        if reached
            .get(&(topic.to_owned(), part))
            .is_some_and(|next| first < *next)
        {
            return Ok(true);
        }
        sqlx::query(
            "INSERT INTO bus_reached (topic, part, next) VALUES ($1, $2, $3)
             ON CONFLICT (topic, part) DO UPDATE SET next = excluded.next",
        )
        .bind(topic)
        .bind(i64::from(part))
        .bind(last + 1)
        .execute(tx.conn())
        .await?;
    }
    Ok(false)
}

/// Whether partitions that end at `ends` have lost something.
pub(super) fn fall_short(ends: &[Place], reached: &Reached) -> bool {
    let short = |end: &Place| {
        let next = reached.get(&(end.topic.clone(), end.part));
        next.is_some_and(|next| end.offset < *next)
    };
    ends.iter().any(short)
}

/// How far partitions reach at least.
pub(super) async fn reached(db: &Db) -> Result<Reached, DbError> {
    let rows = sqlx::query(REACHED).fetch_all(db.reader()).await?;
    Ok(read(&rows)?)
}

const REACHED: &str = "SELECT topic, part, next FROM bus_reached";

fn read(rows: &[AnyRow]) -> Result<Reached, sqlx::Error> {
    let reached = rows.iter().map(|row| {
        let part: i64 = row.try_get("part")?;
        let part = i32::try_from(part).unwrap_or_default();
        Ok(((row.try_get("topic")?, part), row.try_get("next")?))
    });
    reached.collect()
}

/// Puts all that is kept before what waits; says how much that is. Nothing is known of the
/// brokers from then on.
pub(super) async fn publish_again(tx: &mut Tx) -> Result<u64, DbError> {
    let again = sqlx::query(
        "INSERT INTO bus_outbox (id, topic, key, payload, headers, at_ms)
         SELECT id, topic, key, payload, headers, at_ms FROM bus_published
         WHERE id > 0 ON CONFLICT DO NOTHING",
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    for forget in ["DELETE FROM bus_published", "DELETE FROM bus_reached"] {
        sqlx::query(forget).execute(tx.conn()).await?;
    }
    Ok(again)
}

/// Forgets some of what was published before `before_ms`. Says whether there may be more.
pub(super) async fn forget(db: &Db, before_ms: i64) -> Result<bool, DbError> {
    db.write(async |mut tx| {
        let forgotten = sqlx::query(
            "DELETE FROM bus_published WHERE at_ms < $1 AND id IN (
                SELECT id FROM bus_published ORDER BY id LIMIT $2)",
        )
        .bind(before_ms)
        .bind(FORGET)
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(i64::try_from(forgotten).is_ok_and(|forgotten| forgotten == FORGET))
    })
    .await
}
