//! `DELETE /api/accounts/me`

use actix_web::{HttpRequest, HttpResponse, delete, web};
use platform_core::Redacted;
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin};
use crate::http::asks::Asks as _;
use crate::http::cookies::Cookies;

/// Makes sure that it is the user who wants to go.
#[derive(Debug, Deserialize, ToSchema)]
struct DeleteMe {
    #[schema(value_type = String)]
    password: Redacted,
}

/// Deletes the caller's account: sessions and API tokens end, the name is free.
#[utoipa::path(
    tag = "accounts",
    request_body = DeleteMe,
    responses(
        (status = 204, description = "The account is deleted"),
        (status = 403, description = "The password is wrong", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is the last admin", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[delete("/api/accounts/me")]
pub(crate) async fn delete_me(
    principal: Principal,
    from: Origin,
    request: HttpRequest,
    body: web::Json<DeleteMe>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    accounts
        .delete_account(&identity, &body.password, &from)
        .await?;
    let mut answer = HttpResponse::NoContent().finish();
    Cookies::of(&request).take(&mut answer);
    Ok(answer)
}
