//! Dead letters of the embedded bus: looking at them, sending them again, and discarding them.

use async_trait::async_trait;
use platform_db::{DbError, Tx};

use super::{EmbeddedBus, append, log};
use crate::{BusError, DeadLetter, DeadLetters, dlq};

#[async_trait]
impl DeadLetters for EmbeddedBus {
    async fn list(&self, limit: u32) -> Result<Vec<DeadLetter>, BusError> {
        let rows = sqlx::query(
            "SELECT topic, part, pos, key, payload, headers FROM bus_log
             WHERE topic LIKE '%.dlq' ORDER BY at_ms, topic, part, pos LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.hub.db.reader())
        .await
        .map_err(DbError::from)?;
        let letters = rows
            .iter()
            .map(|row| log::delivery(row).map(DeadLetter::new))
            .collect::<Result<_, _>>();
        Ok(letters.map_err(DbError::from)?)
    }

    async fn replay(&self, topic: &str, partition: i32, offset: i64) -> Result<bool, BusError> {
        let replayed = self.hub.db.write(|mut tx| async move {
            let Some(letter) = take(&mut tx, topic, partition, offset).await? else {
                return Ok(false);
            };
            append(&mut tx, &[dlq::revived(&letter.message)]).await?;
            tx.commit().await?;
            Ok::<_, DbError>(true)
        });
        Ok(replayed.await?)
    }

    async fn discard(&self, topic: &str, partition: i32, offset: i64) -> Result<bool, BusError> {
        let discarded = self.hub.db.write(|mut tx| async move {
            let letter = take(&mut tx, topic, partition, offset).await?;
            tx.commit().await?;
            Ok::<_, DbError>(letter.is_some())
        });
        Ok(discarded.await?)
    }
}

/// Removes a dead letter; what it was, if it was one.
async fn take(
    tx: &mut Tx,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<Option<DeadLetter>, DbError> {
    if !dlq::is_dead_letter_topic(topic) {
        return Ok(None);
    }
    let row = sqlx::query(
        "DELETE FROM bus_log WHERE topic = $1 AND part = $2 AND pos = $3
         RETURNING topic, part, pos, key, payload, headers",
    )
    .bind(topic)
    .bind(i64::from(partition))
    .bind(offset)
    .fetch_optional(tx.conn())
    .await?;
    let letter = row.as_ref().map(log::delivery).transpose()?;
    Ok(letter.map(DeadLetter::new))
}
