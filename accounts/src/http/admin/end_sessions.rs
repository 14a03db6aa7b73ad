//! `DELETE /api/admin/users/{id}/sessions`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};

use crate::flow::{Accounts, Origin};
use crate::http::asks::Asks as _;

/// Ends all sessions of a user, whose API tokens go on.
#[utoipa::path(
    tag = "users",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "They are signed out everywhere"),
        (status = 403, description = "The caller is no admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/admin/users/{id}/sessions")]
pub(crate) async fn end_sessions_of(
    principal: Principal,
    from: Origin,
    id: web::Path<String>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let admin = principal.admin()?;
    accounts.end_sessions_of(&admin, &id, &from).await?;
    Ok(HttpResponse::NoContent().finish())
}
