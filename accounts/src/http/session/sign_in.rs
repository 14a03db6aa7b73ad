//! `POST /api/accounts/sign-in`

use actix_web::{HttpRequest, HttpResponse, post, web};
use platform_core::Redacted;
use platform_http::{Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, Origin};
use crate::http::cookies::Cookies;
use crate::http::view::UserView;

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
struct SignIn {
    /// The name, or the e-mail address.
    name: String,
    #[schema(value_type = String)]
    password: Redacted,
}

/// Signs in. A wrong password and an unknown name are answered alike.
#[utoipa::path(
    tag = "accounts",
    request_body = SignIn,
    responses(
        (status = 200, description = "The user; the cookies of a session come along", body = UserView),
        (status = 401, description = "The name or the password is wrong", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The account is suspended", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries: `Retry-After` says when to come back", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/sign-in")]
pub(crate) async fn sign_in(
    from: Origin,
    request: HttpRequest,
    body: web::Json<SignIn>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let cookies = Cookies::of(&request);
    let before = cookies.refresh_token(&request);
    let signed_in = accounts
        .sign_in(&body.name, &body.password, before.as_ref(), &from)
        .await?;
    let user = UserView::from(signed_in.user.clone());
    let mut answer = HttpResponse::Ok().json(user);
    cookies.give(&mut answer, &signed_in);
    Ok(answer)
}
