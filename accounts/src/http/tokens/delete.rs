//! `DELETE /api/accounts/tokens/{id}`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};

use crate::flow::{Accounts, Origin};

use crate::http::asks::Asks as _;

/// Ends one of the caller's API tokens.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "The token's id")),
    responses(
        (status = 204, description = "The token is of no more use"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/accounts/tokens/{id}")]
pub(crate) async fn delete_token(
    principal: Principal,
    from: Origin,
    id: web::Path<String>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    accounts.delete_token(&identity, &id, &from).await?;
    Ok(HttpResponse::NoContent().finish())
}
