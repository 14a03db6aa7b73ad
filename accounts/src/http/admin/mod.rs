//! `/api/admin/users`, `/api/admin/invitations` and `/api/admin/audit`

pub(super) mod audit;
pub(super) mod edit;
pub(super) mod end_sessions;
pub(super) mod invite;
pub(super) mod list;

use platform_http::Problem;

/// How many entries a page may have.
const MOST_ON_A_PAGE: u32 = 100;
/// How many it has unless told.
const ON_A_PAGE: u32 = 50;

/// How many entries somebody gets who wants `limit`.
fn page_size(limit: Option<u32>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(ON_A_PAGE);
    if !(1..=MOST_ON_A_PAGE).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "The limit has to be from 1 to {MOST_ON_A_PAGE}."
        )));
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}
