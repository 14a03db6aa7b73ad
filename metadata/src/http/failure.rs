//! What people are told when the catalogue cannot answer.

use std::time::Duration;

use actix_web::http::StatusCode;
use platform_db::DbError;
use platform_http::Problem;

use crate::search::{SearchError, SearchErrorKind};

/// The database did not answer.
pub(super) fn of_rows(error: DbError) -> Problem {
    if error.retryable() {
        return Problem::unavailable(2, error);
    }
    Problem::internal(error)
}

/// The search index did not answer. It mends itself; watching goes on meanwhile.
pub(super) fn of_search(error: SearchError) -> Problem {
    if error.kind() == SearchErrorKind::Invalid {
        return bad_cursor();
    }
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "search-unavailable",
        "Search is not available at the moment",
        "Search is away, everything else works. Browse the newest videos meanwhile, or try again soon.",
    );
    match error.wait() {
        // The log was told when this began.
        Some(wait) => problem.retry_after(whole_seconds(wait)),
        None => problem.retry_after(5).caused_by(error),
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// A cursor that did not come from us.
pub(super) fn bad_cursor() -> Problem {
    Problem::bad_request("The cursor is not one of ours: take next_cursor of the page before.")
}

/// No such video, or no more.
pub(super) fn no_such_video() -> Problem {
    Problem::not_found("There is no video with this id. It may have been deleted.")
}
