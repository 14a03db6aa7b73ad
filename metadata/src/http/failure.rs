//! What people are told when the catalogue cannot answer.

use std::time::Duration;

use actix_web::http::StatusCode;
use platform_db::DbError;
use platform_http::Problem;
use platform_passwords::{HashError, TryError};

use crate::domain::Refused;
use crate::search::{SearchError, SearchErrorKind};

/// The database did not answer.
pub(super) fn of_rows(error: DbError) -> Problem {
    if error.retryable() {
        return Problem::unavailable(2, error);
    }
    Problem::internal(error)
}

/// A password cannot be hashed.
pub(super) fn of_hash(error: HashError) -> Problem {
    match error {
        HashError::Busy => Problem::unavailable(5, error),
        error => Problem::internal(error),
    }
}

/// Somebody cannot try now.
pub(super) fn of_try(error: TryError) -> Problem {
    match error {
        TryError::Wait(seconds) => Problem::too_many_tries(seconds),
        TryError::Db(error) => of_rows(error),
    }
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

/// What people asked for is not done.
pub(super) fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::NotFound => no_such_video(),
        Refused::NotYours => Problem::new(
            StatusCode::FORBIDDEN,
            "not-yours",
            "This is not yours",
            "Only the owner of a video can change it, and only they and moderators remove it.",
        ),
        Refused::Changed => changed_meanwhile(),
        Refused::NoPicture => Problem::bad_request(
            "There is no such picture of this video: choose one of hover_urls, counted from 0.",
        ),
        Refused::Password => {
            Problem::bad_request("A password goes with the visibility `password`: send both.")
        }
        Refused::NotTrashed => Problem::new(
            StatusCode::CONFLICT,
            "not-thrown-away",
            "This was not thrown away",
            "The video is where it was: there is nothing to take back.",
        ),
    }
}

/// Somebody else was quicker.
pub(super) fn changed_meanwhile() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "changed-meanwhile",
        "This was changed meanwhile",
        "The video was changed in another window or by somebody else. Look at it as it is now, then \
         make your change again.",
    )
}
