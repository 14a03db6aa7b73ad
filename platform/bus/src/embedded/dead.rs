//! Dead letters of the embedded bus: looking at them and sending them again.

use platform_db::DbError;

use super::{EmbeddedBus, append, log};
use crate::{BusError, DeadLetter, dlq};

impl EmbeddedBus {
    /// Up to `limit` dead letters of all topics, oldest first.
    pub async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, BusError> {
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

    /// Publishes `letter` to where it came from and removes it from the dead letters. Returns
    /// false when it is not there any more.
    pub async fn requeue(&self, letter: &DeadLetter) -> Result<bool, BusError> {
        let message = &letter.message;
        self.hub
            .db
            .write(|mut tx| async move {
                let deleted =
                    sqlx::query("DELETE FROM bus_log WHERE topic = $1 AND part = $2 AND pos = $3")
                        .bind(&message.topic)
                        .bind(i64::from(message.partition))
                        .bind(message.offset)
                        .execute(tx.conn())
                        .await?
                        .rows_affected();
                if deleted == 0 {
                    return Ok(false);
                }
                append(&mut tx, &[dlq::revived(message)]).await?;
                tx.commit().await?;
                Ok::<_, DbError>(true)
            })
            .await
            .map_err(BusError::from)
    }
}
