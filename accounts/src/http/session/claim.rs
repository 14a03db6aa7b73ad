//! `POST /api/accounts/claim`

use actix_web::{HttpRequest, HttpResponse, post, web};
use platform_core::Redacted;
use platform_http::{Problem, ProblemDocument};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, NewUser, Origin};
use crate::http::cookies::Cookies;
use crate::http::view::UserView;

/// Who wants to become the first admin.
#[derive(Debug, Deserialize, ToSchema)]
struct Claim {
    /// What the service showed its operator when it started.
    #[schema(value_type = String)]
    token: Redacted,
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
}

/// Becomes the first admin, who is signed in.
#[utoipa::path(
    tag = "accounts",
    request_body = Claim,
    responses(
        (status = 201, description = "The admin; the cookies of a session come along", body = UserView),
        (status = 409, description = "There is an admin already, or the name is taken", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/claim")]
pub(crate) async fn claim(
    from: Origin,
    request: HttpRequest,
    body: web::Json<Claim>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let new = NewUser {
        name: body.name,
        password: body.password,
        email: body.email,
        display_name: body.display_name,
    };
    let signed_in = accounts.claim(new, &body.token, &from).await?;
    let user = UserView::from(signed_in.user.clone());
    let mut answer = HttpResponse::Created().json(user);
    Cookies::of(&request).give(&mut answer, &signed_in);
    Ok(answer)
}
