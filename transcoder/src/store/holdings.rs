//! What whoever looks after all services asks of the films.

use platform_http::{HOLDINGS_PAGE, Wanted};
use serde::Serialize;

use super::{Store, StoreError, count};

/// What the rows say of a revision.
#[derive(Debug, Serialize)]
pub(crate) struct Held {
    pub(crate) video_id: String,
    pub(crate) revision: u32,
    state: String,
    /// Its beginning exists.
    playable: bool,
    /// Segments that were planned.
    segments: u32,
    /// When it was taken in.
    since_ms: i64,
    /// Tasks that wait or run.
    tasks: u32,
}

type Row = (String, i64, String, i64, i64, i64, i64);

const SELECT: &str = "SELECT video_id, revision, state, playable, segments_total, created_ms,
    (SELECT count(*) FROM transcoder_task t WHERE t.video_id = v.video_id
        AND t.revision = v.revision AND t.state <> 'failed')
    FROM transcoder_video v";

impl Store {
    /// Films' revisions in the order of their ids.
    pub(crate) async fn held(&self, wanted: &Wanted) -> Result<Vec<Held>, StoreError> {
        let rows: Vec<Row> = match wanted {
            Wanted::After(after) => {
                let (video, revision) = after.split_once('/').unwrap_or((after, "0"));
                let sql = format!(
                    "{SELECT} WHERE video_id > $1 OR (video_id = $1 AND revision > $2)
                     ORDER BY video_id, revision LIMIT {HOLDINGS_PAGE}"
                );
                sqlx::query_as(sqlx::AssertSqlSafe(sql))
                    .bind(video)
                    .bind(revision.parse::<i64>().unwrap_or(0))
                    .fetch_all(self.db.reader())
                    .await?
            }
            Wanted::Of(films) => {
                let places: Vec<String> = (1..=films.len()).map(|n| format!("${n}")).collect();
                let sql = format!("{SELECT} WHERE video_id IN ({})", places.join(", "));
                let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
                for film in films {
                    query = query.bind(film);
                }
                query.fetch_all(self.db.reader()).await?
            }
        };
        Ok(rows.into_iter().map(held).collect())
    }
}

fn held((video_id, revision, state, playable, segments, since_ms, tasks): Row) -> Held {
    Held {
        video_id,
        revision: count(revision),
        state,
        playable: playable != 0,
        segments: count(segments),
        since_ms,
        tasks: count(tasks),
    }
}
