//! The log: appending, reading and trimming messages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use platform_core::{Clock as _, SystemClock};
use platform_db::{Db, DbError, Tx};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{PARTITIONS, Position};
use crate::{Delivery, Outgoing};

/// Rows of one INSERT: enough that ten thousand messages are not ten thousand statements.
const ROWS: usize = 64;

/// Messages that one round of trimming deletes at most, so that writers never wait long for it.
const TRIM: i64 = 2_000;

/// Appends `messages` to the log within `tx`.
///
/// There is one writer at a time, so the positions of a partition have no gaps and their order is
/// the order of the commits.
pub(crate) async fn append(tx: &mut Tx, messages: &[Outgoing]) -> Result<(), DbError> {
    let mut positions = reserve(tx, messages).await?;
    let now = SystemClock.now_ms();
    for chunk in messages.chunks(ROWS) {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(insert_sql(chunk.len())));
        for message in chunk {
            let part = partition_of(&message.key);
            let next = positions.entry((message.topic.as_str(), part)).or_default();
            query = query
                .bind(&message.topic)
                .bind(part)
                .bind(*next)
                .bind(&message.key)
                .bind(message.payload.to_vec())
                .bind(headers_to_text(&message.headers))
                .bind(now);
            *next += 1;
        }
        query.execute(tx.conn()).await?;
    }
    Ok(())
}

/// Moves the heads by what `messages` need and returns the first position of each partition.
async fn reserve<'m>(
    tx: &mut Tx,
    messages: &'m [Outgoing],
) -> Result<BTreeMap<(&'m str, i64), i64>, DbError> {
    let mut counts = BTreeMap::<_, i64>::new();
    for message in messages {
        *counts
            .entry((message.topic.as_str(), partition_of(&message.key)))
            .or_default() += 1;
    }
    for ((topic, part), count) in &mut counts {
        let next: i64 = sqlx::query_scalar(
            "INSERT INTO bus_head (topic, part, next) VALUES ($1, $2, $3)
             ON CONFLICT (topic, part) DO UPDATE SET next = bus_head.next + excluded.next
             RETURNING next",
        )
        .bind(*topic)
        .bind(*part)
        .bind(*count)
        .fetch_one(tx.conn())
        .await?;
        *count = next - *count;
    }
    Ok(counts)
}

fn insert_sql(rows: usize) -> String {
    let mut sql =
        "INSERT INTO bus_log (topic, part, pos, key, payload, headers, at_ms) VALUES ".to_owned();
    for row in 0..rows {
        let first = row * 7 + 1;
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in first..first + 7 {
            let comma = if column == first { "" } else { ", " };
            // Writing to a String cannot fail.
            write!(sql, "{comma}${column}").unwrap_or_default();
        }
        sql.push(')');
    }
    sql
}

/// FNV-1a, which every version of this program must compute alike: a key's partition is stored.
fn partition_of(key: &str) -> i64 {
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The low bits of FNV depend on the low bits of the input only.
    let folded = hash ^ (hash >> 32);
    i64::try_from(folded % u64::from(PARTITIONS)).unwrap_or_default()
}

fn headers_to_text(headers: &[(String, String)]) -> String {
    serde_json::to_string(headers).unwrap_or_default()
}

/// Up to `limit` messages of a partition from `from` on, in order.
pub(super) async fn read(db: &Db, from: &Position, limit: usize) -> Result<Vec<Delivery>, DbError> {
    let rows = sqlx::query(
        "SELECT topic, part, pos, key, payload, headers FROM bus_log
         WHERE topic = $1 AND part = $2 AND pos >= $3 ORDER BY pos LIMIT $4",
    )
    .bind(&from.topic)
    .bind(i64::from(from.part))
    .bind(from.pos)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(db.reader())
    .await?;
    Ok(rows.iter().map(delivery).collect::<Result<_, _>>()?)
}

pub(super) fn delivery(row: &AnyRow) -> Result<Delivery, sqlx::Error> {
    let part: i64 = row.try_get("part")?;
    let headers: String = row.try_get("headers")?;
    Ok(Delivery {
        topic: row.try_get("topic")?,
        partition: i32::try_from(part).unwrap_or_default(),
        offset: row.try_get("pos")?,
        key: row.try_get("key")?,
        payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
        headers: serde_json::from_str(&headers).map_err(|e| sqlx::Error::Decode(e.into()))?,
    })
}

/// Deletes some of the messages from before `before_ms` that every group of their topic has
/// committed. Topics that no group reads lose what is old, dead letters excepted: a person is to
/// read those. Returns whether there may be more.
pub(super) async fn trim(db: &Db, before_ms: i64) -> Result<bool, DbError> {
    db.write(|mut tx| async move {
        let deleted = sqlx::query(
            "DELETE FROM bus_log WHERE (topic, part, pos) IN (
                SELECT l.topic, l.part, l.pos FROM bus_log l
                WHERE l.at_ms < $1 AND l.topic NOT LIKE '%.dlq'
                  AND NOT EXISTS (SELECT 1 FROM bus_claim c WHERE c.topic = l.topic
                                  AND c.part = l.part AND c.committed <= l.pos)
                LIMIT $2)",
        )
        .bind(before_ms)
        .bind(TRIM)
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(i64::try_from(deleted).is_ok_and(|deleted| deleted == TRIM))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_partition_between_versions() {
        let keys = ["", "a", "b", "4ouykzlc2nx5wyyy7rdnzr2l6e"];
        assert_eq!(keys.map(partition_of), [1, 0, 1, 7]);
    }

    #[test]
    fn keys_spread_over_all_partitions() {
        let mut counts = [0_u32; 8];
        for n in 0..800 {
            counts[usize::try_from(partition_of(&format!("video-{n}"))).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
    }

    #[test]
    fn placeholders_are_numbered_through() {
        assert!(
            insert_sql(2)
                .ends_with("($1, $2, $3, $4, $5, $6, $7), ($8, $9, $10, $11, $12, $13, $14)")
        );
    }
}
