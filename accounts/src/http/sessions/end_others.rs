//! `DELETE /api/accounts/sessions`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};

use crate::flow::{Accounts, Origin};

use crate::http::asks::Asks as _;

/// Ends the caller's sessions, all but the one that asks.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 204, description = "The other sessions are over"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/accounts/sessions")]
pub(crate) async fn end_other_sessions(
    principal: Principal,
    from: Origin,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    accounts.end_other_sessions(&identity, &from).await?;
    Ok(HttpResponse::NoContent().finish())
}
