//! `GET /api/accounts/oidc/{id}/start`

use actix_web::{HttpRequest, HttpResponse, get, web};
use platform_http::{Problem, ProblemDocument};
use serde::Deserialize;

use super::{not_in, see_other};
use crate::flow::Accounts;
use crate::http::cookies::Cookies;

/// Where to go afterwards.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Start {
    /// A path of this site.
    #[serde(rename = "return")]
    return_to: Option<String>,
}

/// Sends the browser to the provider, to sign in.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "The provider's id"), Start),
    responses(
        (status = 303, description = "To the provider, or back to the sign-in page, which says why not"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/accounts/oidc/{id}/start")]
pub(crate) async fn start_oidc(
    request: HttpRequest,
    id: web::Path<String>,
    query: web::Query<Start>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let departure = accounts.depart(&id, query.return_to.as_deref(), None).await;
    match departure {
        Ok(departure) => {
            let mut answer = see_other(departure.to.as_str());
            Cookies::of(&request).remember_flow(&mut answer, &departure.sealed);
            Ok(answer)
        }
        Err(error) => not_in(&id, error),
    }
}
