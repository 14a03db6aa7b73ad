//! `POST /api/accounts/sign-out`

use actix_web::{HttpRequest, HttpResponse, post, web};
use platform_http::{Problem, ProblemDocument, Visitor};

use crate::flow::{Accounts, Origin};
use crate::http::cookies::Cookies;

/// Ends the session, or the API token, by which the caller asks, if there is one.
#[utoipa::path(
    tag = "accounts",
    responses(
        (status = 204, description = "Nobody is signed in any more"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/sign-out")]
pub(crate) async fn sign_out(
    visitor: Visitor,
    from: Origin,
    request: HttpRequest,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let cookies = Cookies::of(&request);
    let token = cookies.refresh_token(&request);
    let identity = visitor.identity.as_ref();
    accounts.sign_out(identity, token.as_ref(), &from).await?;
    let mut answer = HttpResponse::NoContent().finish();
    cookies.take(&mut answer);
    Ok(answer)
}
