//! Between rows and videos.

use schemas::OwnerId;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::domain::{Facts, State, Video};

/// The columns that [`video_of`] reads.
pub(super) const COLUMNS: &str =
    "video_id, owner, title, description, state, created_at_ms, published_at_ms, facts";

/// Reads a video from a row of [`COLUMNS`].
pub(super) fn video_of(row: &AnyRow) -> Result<Video, sqlx::Error> {
    let text = |name: &'static str| row.try_get::<String, _>(name);
    let id = text("video_id")?;
    let state = text("state")?;
    let facts: Facts =
        serde_json::from_str(&text("facts")?).map_err(|error| decode("facts", error))?;
    Ok(Video {
        id: id.parse().map_err(|error| decode("video_id", error))?,
        owner: Some(text("owner")?)
            .filter(|owner| !owner.is_empty())
            .map(OwnerId::new),
        title: text("title")?,
        description: text("description")?,
        state: State::named(&state)
            .ok_or_else(|| decode("state", format!("no state is named {state:?}")))?,
        created_at_ms: row.try_get("created_at_ms")?,
        published_at_ms: row.try_get("published_at_ms")?,
        facts,
    })
}

pub(super) fn decode(
    column: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: error.into(),
    }
}
