//! `POST /api/accounts/password`

use actix_web::{HttpResponse, post, web};
use platform_core::Redacted;
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin};

use crate::http::asks::Asks as _;

/// From which password to which.
#[derive(Debug, Deserialize, ToSchema)]
struct ChangePassword {
    #[schema(value_type = String)]
    current: Redacted,
    #[schema(value_type = String, min_length = 8, max_length = 256)]
    new: Redacted,
}

/// Changes the caller's password and ends their other sessions.
#[utoipa::path(
    tag = "accounts",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "The password is changed"),
        (status = 403, description = "The current password is another", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/password")]
pub(crate) async fn change_password(
    principal: Principal,
    from: Origin,
    body: web::Json<ChangePassword>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    accounts
        .change_password(&identity, &body.current, &body.new, &from)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
