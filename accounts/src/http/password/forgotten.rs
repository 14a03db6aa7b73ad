//! `POST /api/accounts/password/forgotten`

use actix_web::{HttpResponse, post, web};
use platform_http::{Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin};

/// Who forgot their password.
#[derive(Debug, Deserialize, ToSchema)]
struct ForgotPassword {
    /// The name, or the e-mail address.
    name: String,
}

/// Sends a link to a new password to the user, if there is one. The answer is always the same.
#[utoipa::path(
    tag = "accounts",
    request_body = ForgotPassword,
    responses(
        (status = 202, description = "If there is such a user, a link is on its way"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/password/forgotten")]
pub(crate) async fn forgot_password(
    from: Origin,
    body: web::Json<ForgotPassword>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    accounts.forgot_password(body.into_inner().name, from);
    Ok(HttpResponse::Accepted().finish())
}
