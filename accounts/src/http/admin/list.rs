//! `GET /api/admin/users`

use actix_web::{get, web};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page_size;
use crate::error::AccountError;
use crate::flow::Accounts;
use crate::http::asks::Asks as _;
use crate::http::view::ManagedUserView;

/// Which page of which users.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListUsers {
    /// What their names begin with.
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many, by default 50.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
struct UserPage {
    /// By name.
    items: Vec<ManagedUserView>,
    /// Gives the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists users.
#[utoipa::path(
    tag = "users",
    params(ListUsers),
    responses(
        (status = 200, description = "A page of users", body = UserPage),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/admin/users")]
pub(crate) async fn list_users(
    principal: Principal,
    query: web::Query<ListUsers>,
    accounts: web::Data<Accounts>,
) -> Result<web::Json<UserPage>, Problem> {
    principal.admin()?;
    let limit = page_size(query.limit)?;
    let beginning = query.q.as_deref().unwrap_or_default();
    let after = query.cursor.as_deref().unwrap_or_default();
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let users = accounts.store.users(beginning, after, one_more).await;
    let mut users = users.map_err(AccountError::from)?;
    let more = users.len() > limit;
    users.truncate(limit);
    let last = users.last().filter(|_| more);
    Ok(web::Json(UserPage {
        next_cursor: last.map(|user| user.name.to_lowercase()),
        items: users.into_iter().map(Into::into).collect(),
    }))
}
