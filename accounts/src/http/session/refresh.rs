//! `POST /api/accounts/refresh`

use actix_web::{HttpRequest, HttpResponse, ResponseError as _, post, web};
use platform_http::{Problem, ProblemDocument};

use crate::error::AccountError;
use crate::flow::{Accounts, Origin};
use crate::http::cookies::Cookies;
use crate::http::failure;

/// Goes on with a session: the cookie `refresh_token` is replaced, and with it the access token.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 204, description = "The session goes on; fresh cookies come along"),
        (status = 401, description = "The session is over: sign in", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/refresh")]
pub(crate) async fn refresh(
    from: Origin,
    request: HttpRequest,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let cookies = Cookies::of(&request);
    let token = cookies.refresh_token(&request);
    let token = token.ok_or_else(failure::signed_out)?;
    match accounts.refresh(&token, &from).await {
        Ok(signed_in) => {
            let mut answer = HttpResponse::NoContent().finish();
            cookies.give(&mut answer, &signed_in);
            Ok(answer)
        }
        // What is over is not asked for again.
        Err(AccountError::SignedOut) => {
            let mut answer = failure::signed_out().error_response();
            cookies.take(&mut answer);
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}
