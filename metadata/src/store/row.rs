//! Between rows and videos.

use platform_core::Redacted;
use schemas::OwnerId;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::domain::{Access, State, Video, Visibility};

/// The columns that [`video_of`] reads.
pub(super) const COLUMNS: &str = "video_id, owner, title, description, state, created_at_ms, published_at_ms, visibility, \
     access_generation, shared_with, password_hash, about, edits, facts, trashed_at_ms";

/// Reads a video from a row of [`COLUMNS`].
pub(super) fn video_of(row: &AnyRow) -> Result<Video, sqlx::Error> {
    let text = |name: &'static str| row.try_get::<String, _>(name);
    let id = text("video_id")?;
    let state = text("state")?;
    let visibility = text("visibility")?;
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
        access: Access {
            visibility: Visibility::named(&visibility).ok_or_else(|| {
                decode(
                    "visibility",
                    format!("no visibility is named {visibility:?}"),
                )
            })?,
            shared_with: json(row, "shared_with")?,
            password: row
                .try_get::<Option<String>, _>("password_hash")?
                .map(Redacted::new),
            generation: u32::try_from(row.try_get::<i64, _>("access_generation")?)
                .map_err(|error| decode("access_generation", error))?,
        },
        about: json(row, "about")?,
        edits: row.try_get("edits")?,
        trashed_at_ms: row.try_get("trashed_at_ms")?,
        facts: json(row, "facts")?,
    })
}

fn json<T: DeserializeOwned>(row: &AnyRow, column: &'static str) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|error| decode(column, error))
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
