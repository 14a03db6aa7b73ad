//! `DELETE /api/accounts/sessions/{id}`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};

use crate::flow::{Accounts, Origin};

use crate::http::asks::Asks as _;

/// Ends one of the caller's sessions.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "The session is over"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/accounts/sessions/{id}")]
pub(crate) async fn end_session(
    principal: Principal,
    from: Origin,
    id: web::Path<String>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    accounts.end_session(&identity, &id, &from).await?;
    Ok(HttpResponse::NoContent().finish())
}
