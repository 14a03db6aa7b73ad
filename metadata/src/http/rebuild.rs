//! `POST /internal/search/rebuild`: for the operator's command, not for the public.

use actix_web::{HttpResponse, post, web};
use futures_util::stream;
use platform_http::Internal;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::State;
use crate::rebuilds::Status;

/// Where a rebuild is asked for. The answer is one [`RebuildStatus`] a line while it goes on; the
/// last is [`RebuildStatus::Done`] or [`RebuildStatus::Failed`].
pub const REBUILD_PATH: &str = "/internal/search/rebuild";

/// Where a rebuild of the search index stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildStatus {
    /// It goes on.
    Running {
        /// Rows that were looked at.
        rows: u64,
        /// Rows there were at the beginning.
        of: u64,
    },
    /// The new index answers.
    Done {
        /// Videos in it.
        videos: u64,
    },
    /// The index before answers as if nothing had been.
    Failed {
        /// Why.
        reason: String,
    },
}

impl From<Status> for RebuildStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Running(progress) => Self::Running {
                rows: progress.rows,
                of: progress.of,
            },
            Status::Done(videos) => Self::Done { videos },
            Status::Failed(reason) => Self::Failed { reason },
        }
    }
}

#[post("/internal/search/rebuild")]
pub(crate) async fn rebuild_search(_operator: Internal, state: web::Data<State>) -> HttpResponse {
    let status = state.rebuilds.begin();
    HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(stream::unfold(Some(status), line))
}

/// The next line, and what tells of the one after it.
async fn line(
    status: Option<watch::Receiver<Status>>,
) -> Option<(
    Result<web::Bytes, serde_json::Error>,
    Option<watch::Receiver<Status>>,
)> {
    let mut status = status?;
    let now = RebuildStatus::from(status.borrow_and_update().clone());
    let line = serde_json::to_string(&now).map(|line| web::Bytes::from(line + "\n"));
    let goes_on = matches!(now, RebuildStatus::Running { .. }) && status.changed().await.is_ok();
    Some((line, goes_on.then_some(status)))
}
