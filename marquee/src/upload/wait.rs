//! Waits until a film has reached the wished state.

use std::time::Duration;

use serde_json::Value;

use crate::cli::Wait;

use super::UploadError;
use super::api::{Api, ProblemReport, Upload, Video};
use super::output::Bar;

/// How often to ask. The first frame of a film can be ready within a second.
const INTERVAL: Duration = Duration::from_millis(150);

/// The video once `wish` has come true of `upload`.
pub(crate) async fn until(
    api: &Api,
    upload: &Upload,
    wish: Wait,
    bar: &Bar,
) -> Result<Video, UploadError> {
    loop {
        // The catalogue learns of the upload by an event, so it may not know the video yet.
        match api.video(&upload.video_id).await {
            Ok(video) if video.revision.max(1) < upload.revision => {
                if wish == Wait::None {
                    return Ok(video);
                }
                replacing(&video, upload.revision, bar)?;
            }
            Ok(video) if video.state == "failed" => return Err(failure(video.problem.clone())),
            Ok(video) if reached(&video, wish) => return Ok(video),
            Ok(video) => bar.processing(&video.state, video.progress.as_ref()),
            Err(UploadError::Problem(problem)) if problem.status == Some(404) => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Shows how far the file is that is to replace `video` as its `revision`, unless it never will.
fn replacing(video: &Video, revision: u32, bar: &Bar) -> Result<(), UploadError> {
    match &video.replacement {
        Some(newest) if newest.revision > revision => Err(UploadError::Problem(ProblemReport {
            kind: "/problems/replaced-again".to_owned(),
            title: "Another file came after this one".to_owned(),
            status: None,
            detail: "Another file was uploaded for this video after this one: that one counts."
                .to_owned(),
            request_id: None,
        })),
        Some(newest) if newest.revision == revision && newest.problem.is_some() => {
            Err(failure(newest.problem.clone()))
        }
        Some(newest) if newest.revision == revision => {
            bar.processing(&newest.state, newest.progress.as_ref());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn reached(video: &Video, wish: Wait) -> bool {
    let state = video.state.as_str();
    match wish {
        Wait::None => true,
        Wait::Playable => matches!(state, "playable" | "live"),
        Wait::Live => state == "live",
        Wait::Complete => state == "live" && video.complete,
    }
}

fn failure(problem: Option<Value>) -> UploadError {
    let report = problem.and_then(|problem| serde_json::from_value(problem).ok());
    UploadError::Problem(report.unwrap_or_else(|| ProblemReport {
        kind: "/problems/failed".to_owned(),
        title: "The film could not be processed".to_owned(),
        status: None,
        detail: "The film could not be processed. Ask the operator for the reason.".to_owned(),
        request_id: None,
    }))
}
