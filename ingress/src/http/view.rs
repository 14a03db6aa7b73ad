//! Uploads as clients see them.

use platform_blob::Part;
use platform_core::clock::rfc3339;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{KnownPart, State, Upload};

/// A part of a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct UploadPart {
    /// From 1.
    #[schema(minimum = 1)]
    number: u32,
    /// Exact size: `part_size_bytes`, or what is left for the last part.
    size_bytes: u64,
    /// CRC-32C of the part's bytes: base64 of four big-endian bytes.
    crc32c: String,
}

impl From<UploadPart> for KnownPart {
    fn from(part: UploadPart) -> Self {
        Self {
            number: part.number,
            size: part.size_bytes,
            crc32c: part.crc32c,
        }
    }
}

/// Where an upload stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum UploadState {
    /// It takes parts.
    Open,
    /// All parts are there; the file is being assembled.
    Completing,
    /// The file is whole.
    Complete,
    /// Given up, or idle for too long.
    Abandoned,
}

impl From<State> for UploadState {
    fn from(state: State) -> Self {
        match state {
            State::Opening | State::Open => Self::Open,
            State::Completing => Self::Completing,
            State::Complete | State::Discarding | State::Discarded => Self::Complete,
            State::Abandoned => Self::Abandoned,
        }
    }
}

/// An upload: what was begun, how to cut the file, and which parts are stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
pub(super) struct UploadView {
    upload_id: String,
    /// The video that it becomes.
    video_id: String,
    /// Which revision of the video: from 2 on it replaces what there is.
    #[schema(minimum = 1)]
    revision: u32,
    file_name: String,
    size_bytes: u64,
    /// The title that the upload began with; the video has the current one.
    title: String,
    /// The description that the upload began with; the video has the current one.
    description: String,
    state: UploadState,
    /// Cut the file into parts of this size.
    part_size_bytes: u64,
    /// Send this many at the same time.
    parallel_parts: u64,
    /// Path of the page on which the video can be watched.
    watch_url: String,
    /// RFC 3339.
    created_at: String,
    /// Bytes of the file that are stored.
    uploaded_bytes: u64,
    /// The parts that are stored with the size and checksum they were announced with.
    parts: Vec<UploadPart>,
}

impl UploadView {
    pub(super) fn new(upload: &Upload, stored: Vec<Part>) -> Self {
        Self {
            upload_id: upload.id.to_string(),
            video_id: upload.video.to_string(),
            revision: upload.revision,
            file_name: upload.file_name.clone(),
            size_bytes: upload.size,
            title: upload.names.title.clone(),
            description: upload.names.description.clone(),
            state: upload.state.into(),
            part_size_bytes: upload.plan.part_size(),
            parallel_parts: upload.plan.parallel(),
            watch_url: format!("/watch/{}", upload.video),
            created_at: rfc3339(upload.created_at_ms),
            uploaded_bytes: match upload.state {
                State::Completing | State::Complete => upload.size,
                _ => stored.iter().map(|part| part.size).sum(),
            },
            parts: stored
                .into_iter()
                .map(|part| UploadPart {
                    number: part.number,
                    size_bytes: part.size,
                    crc32c: part.crc32c.unwrap_or_default(),
                })
                .collect(),
        }
    }
}
