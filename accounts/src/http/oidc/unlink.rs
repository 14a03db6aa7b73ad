//! `DELETE /api/accounts/oidc/{id}/link`

use actix_web::{HttpResponse, delete, web};
use platform_http::{Principal, Problem, ProblemDocument};

use crate::flow::{Accounts, Origin};
use crate::http::asks::Asks as _;

/// Ends that the caller can sign in by the provider.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "The provider's id")),
    responses(
        (status = 204, description = "It is not linked any more"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/accounts/oidc/{id}/link")]
pub(crate) async fn unlink_oidc(
    principal: Principal,
    from: Origin,
    id: web::Path<String>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    accounts.unlink(&identity, &id, &from).await?;
    Ok(HttpResponse::NoContent().finish())
}
