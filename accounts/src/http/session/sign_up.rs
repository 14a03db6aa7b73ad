//! `POST /api/accounts/sign-up`

use actix_web::{HttpRequest, HttpResponse, post, web};
use platform_core::Redacted;
use platform_http::{Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, NewUser, Origin};
use crate::http::cookies::Cookies;
use crate::http::view::UserView;

/// Who wants to become a user.
#[derive(Debug, Deserialize, ToSchema)]
struct SignUp {
    /// To sign in with: letters a to z, digits, `-` and `_`.
    #[schema(min_length = 3, max_length = 30)]
    name: String,
    #[schema(value_type = String, min_length = 8, max_length = 256)]
    password: Redacted,
    /// For getting back in without the password.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// What others see; by default the name.
    #[schema(max_length = 60)]
    display_name: Option<String>,
    /// The secret of an invitation, where it takes one.
    #[schema(value_type = Option<String>)]
    invitation: Option<Redacted>,
}

/// Becomes a user, who is signed in.
#[utoipa::path(
    tag = "accounts",
    request_body = SignUp,
    responses(
        (status = 201, description = "The user; the cookies of a session come along", body = UserView),
        (status = 403, description = "Nobody, or nobody without an invitation, can sign up", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The name is taken", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/sign-up")]
pub(crate) async fn sign_up(
    from: Origin,
    request: HttpRequest,
    body: web::Json<SignUp>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let new = NewUser {
        name: body.name,
        password: body.password,
        email: body.email,
        display_name: body.display_name,
    };
    let signed_in = accounts
        .sign_up(new, body.invitation.as_ref(), &from)
        .await?;
    let user = UserView::from(signed_in.user.clone());
    let mut answer = HttpResponse::Created().json(user);
    Cookies::of(&request).give(&mut answer, &signed_in);
    Ok(answer)
}
