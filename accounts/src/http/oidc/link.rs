//! `POST /api/accounts/oidc/{id}/link`

use actix_web::{HttpRequest, HttpResponse, post, web};
use platform_http::{Principal, Problem, ProblemDocument};
use serde::Serialize;
use utoipa::ToSchema;

use crate::flow::{Accounts, tell};
use crate::http::asks::Asks as _;
use crate::http::cookies::Cookies;

/// Where the caller's account lives.
const ACCOUNT: &str = "/account";

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
struct Departure {
    /// The provider's page.
    url: String,
}

/// Begins to link the caller's account with the provider. It is no GET: a page of somebody else's
/// could have a browser ask for it, and link their own identity.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "The provider's id")),
    responses(
        (status = 200, description = "Where to go on, in the same browser", body = Departure),
        (status = 503, description = "The provider is away", body = ProblemDocument, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[post("/api/accounts/oidc/{id}/link")]
pub(crate) async fn link_oidc(
    principal: Principal,
    request: HttpRequest,
    id: web::Path<String>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let identity = principal.holder()?;
    let departure = accounts.depart(&id, Some(ACCOUNT), Some(&identity)).await;
    let departure = departure.inspect_err(|error| tell(&id, error))?;
    let mut answer = HttpResponse::Ok().json(Departure {
        url: departure.to.into(),
    });
    Cookies::of(&request).remember_flow(&mut answer, &departure.sealed);
    Ok(answer)
}
