//! Waits until a film has reached the wished state.

use std::time::Duration;

use crate::cli::Wait;

use super::UploadError;
use super::api::{Api, ProblemReport, Video};
use super::output::Bar;

/// How often to ask. The first frame of a film can be ready within a second.
const INTERVAL: Duration = Duration::from_millis(150);

/// The video once `wish` has come true.
pub(crate) async fn until(
    api: &Api,
    video_id: &str,
    wish: Wait,
    bar: &Bar,
) -> Result<Video, UploadError> {
    loop {
        // The catalogue learns of the upload by an event, so it may not know the video yet.
        match api.video(video_id).await {
            Ok(video) if video.state == "failed" => return Err(failure(&video)),
            Ok(video) if reached(&video, wish) => return Ok(video),
            Ok(video) => bar.processing(&video),
            Err(UploadError::Problem(problem)) if problem.status == Some(404) => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(INTERVAL).await;
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

fn failure(video: &Video) -> UploadError {
    let report = video
        .problem
        .clone()
        .and_then(|problem| serde_json::from_value(problem).ok());
    UploadError::Problem(report.unwrap_or_else(|| ProblemReport {
        kind: "/problems/failed".to_owned(),
        title: "The film could not be processed".to_owned(),
        status: None,
        detail: "The film could not be processed. Ask the operator for the reason.".to_owned(),
        request_id: None,
    }))
}
