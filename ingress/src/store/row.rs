//! Between rows and uploads.

use platform_blob::MultipartId;
use schemas::OwnerId;
use schemas::v1::{PublishPolicy, Visibility};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::domain::{Names, PartPlan, State, Upload};

/// The columns that [`upload_of`] reads.
pub(super) const COLUMNS: &str = "upload_id, video_id, owner, file_name, size_bytes, fingerprint, \
     title, description, publish_policy, part_size_bytes, parallel_parts, state, multipart_id, \
     told_bytes, created_at_ms, traceparent, visibility, revision";

/// Reads an upload from a row of [`COLUMNS`].
pub(super) fn upload_of(row: &AnyRow) -> Result<Upload, sqlx::Error> {
    let text = |name: &'static str| row.try_get::<String, _>(name);
    let number = |name: &'static str| row.try_get::<i64, _>(name);
    let size = number("size_bytes")?.cast_unsigned();
    let part_size = number("part_size_bytes")?.cast_unsigned();
    let parallel = number("parallel_parts")?.cast_unsigned();
    let policy = i32::try_from(number("publish_policy")?).unwrap_or_default();
    let visibility = i32::try_from(number("visibility")?).unwrap_or_default();
    let state = text("state")?;
    let revision =
        u32::try_from(number("revision")?).map_err(|error| sqlx::Error::ColumnDecode {
            index: "revision".to_owned(),
            source: Box::new(error),
        })?;
    Ok(Upload {
        id: parsed("upload_id", &text("upload_id")?)?,
        video: parsed("video_id", &text("video_id")?)?,
        revision,
        owner: OwnerId::new(text("owner")?),
        file_name: text("file_name")?,
        size,
        fingerprint: text("fingerprint")?,
        names: Names {
            title: text("title")?,
            description: text("description")?,
        },
        policy: PublishPolicy::try_from(policy).unwrap_or(PublishPolicy::Playable),
        visibility: Visibility::try_from(visibility).unwrap_or(Visibility::Private),
        plan: PartPlan::stored(size, part_size, parallel),
        state: State::named(&state).ok_or_else(|| sqlx::Error::ColumnDecode {
            index: "state".to_owned(),
            source: format!("no upload state is named {state:?}").into(),
        })?,
        multipart: Some(text("multipart_id")?)
            .filter(|id| !id.is_empty())
            .map(MultipartId),
        told_bytes: number("told_bytes")?.cast_unsigned(),
        created_at_ms: number("created_at_ms")?,
        traceparent: text("traceparent")?,
    })
}

fn parsed<T>(column: &'static str, text: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err = schemas::IdError>,
{
    text.parse().map_err(|error| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(error),
    })
}
