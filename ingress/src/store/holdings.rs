//! What whoever looks after all services asks of the records.

use platform_db::DbError;
use platform_http::{HOLDINGS_PAGE, Wanted};
use serde::Serialize;

use super::Store;

/// What a record says.
#[derive(Debug, Serialize)]
pub(crate) struct Held {
    pub(crate) upload_id: String,
    video_id: String,
    state: String,
    /// The object store's name of what is open; empty where there is none.
    multipart_id: String,
    /// When it was touched last.
    since_ms: i64,
}

const COLUMNS: &str = "upload_id, video_id, state, multipart_id, touched_at_ms";

impl Store {
    /// Records in the order of their ids.
    pub(crate) async fn held(&self, wanted: &Wanted) -> Result<Vec<Held>, DbError> {
        let sql = match wanted {
            Wanted::After(_) => format!(
                "SELECT {COLUMNS} FROM ingress_upload WHERE upload_id > $1
                 ORDER BY upload_id LIMIT {HOLDINGS_PAGE}"
            ),
            Wanted::Of(films) => {
                let places: Vec<String> = (1..=films.len()).map(|n| format!("${n}")).collect();
                format!(
                    "SELECT {COLUMNS} FROM ingress_upload WHERE video_id IN ({})",
                    places.join(", ")
                )
            }
        };
        let mut query =
            sqlx::query_as::<_, (String, String, String, String, i64)>(sqlx::AssertSqlSafe(sql));
        let values = match wanted {
            Wanted::After(after) => std::slice::from_ref(after),
            Wanted::Of(films) => films,
        };
        for value in values {
            query = query.bind(value);
        }
        let rows = query.fetch_all(self.db.reader()).await?;
        let held = rows.into_iter().map(|row| {
            let (upload_id, video_id, state, multipart_id, since_ms) = row;
            Held {
                upload_id,
                video_id,
                state,
                multipart_id,
                since_ms,
            }
        });
        Ok(held.collect())
    }
}
