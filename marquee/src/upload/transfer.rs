//! Moves what the server does not have yet.

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use platform_blob::crc32c_base64;

use super::UploadError;
use super::api::{Api, Part, ProblemReport, Upload};
use super::output::Bar;
use super::parts::{PartRange, cut};
use super::source::Source;

/// How often a completion may find parts missing before the file itself is suspected.
const ROUNDS: u32 = 3;

/// How many permissions to ask for before giving up on a part.
const PERMISSIONS: u32 = 3;

/// Sends the missing parts, several at a time, and closes the upload.
pub(crate) async fn transfer(
    api: &Api,
    source: &Source,
    upload: &Upload,
    bar: &Bar,
) -> Result<(), UploadError> {
    let mut known = upload.clone();
    for round in 1.. {
        let parts = cut(source.size, upload.part_size_bytes);
        stream::iter(parts.into_iter().map(Ok))
            .try_for_each_concurrent(upload.parallel_parts.max(1), |range| {
                send_unless_stored(api, source, &known, range, bar)
            })
            .await?;
        match api.complete(&upload.id).await {
            Err(UploadError::Problem(problem)) if problem.status == Some(409) && round < ROUNDS => {
                known = api.upload(&upload.id).await?;
                bar.restart();
            }
            outcome => return outcome,
        }
    }
    Ok(())
}

/// A part counts as stored only if what is stored is what the file holds now.
async fn send_unless_stored(
    api: &Api,
    source: &Source,
    upload: &Upload,
    range: PartRange,
    bar: &Bar,
) -> Result<(), UploadError> {
    let body = source.read(range.offset, range.size).await?;
    let part = Part {
        number: range.number,
        size_bytes: range.size,
        crc32c: crc32c_base64(&body),
    };
    if !upload.parts.contains(&part) {
        store(api, &upload.id, &part, body).await?;
    }
    bar.moved(range.size);
    Ok(())
}

/// A permission can expire while the part waits for its turn on a slow line: ask for another, but
/// not for ever, since a refusal can have other reasons.
async fn store(api: &Api, upload: &str, part: &Part, body: Bytes) -> Result<(), UploadError> {
    for _ in 0..PERMISSIONS {
        if api
            .store(&api.sign(upload, part).await?, body.clone())
            .await?
        {
            return Ok(());
        }
    }
    Err(UploadError::Problem(ProblemReport {
        kind: "/problems/part-refused".to_owned(),
        title: "The object store refuses a part".to_owned(),
        status: Some(403),
        detail: format!(
            "The object store refused part {} again and again. Check that the clocks of this \
             machine and the server agree, then start the upload again: it goes on where it was.",
            part.number
        ),
        request_id: None,
    }))
}
