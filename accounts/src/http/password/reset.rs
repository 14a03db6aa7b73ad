//! `POST /api/accounts/password/reset`

use actix_web::{HttpResponse, post, web};
use platform_core::Redacted;
use platform_http::{Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin};

/// By which link to which password.
#[derive(Debug, Deserialize, ToSchema)]
struct ResetPassword {
    /// The secret of the link.
    #[schema(value_type = String)]
    token: Redacted,
    #[schema(value_type = String, min_length = 8, max_length = 256)]
    password: Redacted,
}

/// Gives whoever has the link another password, and ends all their sessions.
#[utoipa::path(
    tag = "accounts",
    request_body = ResetPassword,
    responses(
        (status = 204, description = "The password is changed: sign in with it"),
        (status = 400, description = "The link or the password is not valid", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/password/reset")]
pub(crate) async fn reset_password(
    from: Origin,
    body: web::Json<ResetPassword>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    accounts
        .reset_password(&body.token, &body.password, &from)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
