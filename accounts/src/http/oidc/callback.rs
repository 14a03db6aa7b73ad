//! `GET /api/accounts/oidc/{id}/callback`

use actix_web::{HttpRequest, HttpResponse, get, web};
use platform_http::{Problem, ProblemDocument};

use super::{not_in, see_other};
use crate::flow::{Accounts, Origin};
use crate::http::cookies::Cookies;
use crate::oidc::Answer;

/// Where the provider sends the browser back to.
#[utoipa::path(
    tag = "accounts",
    params(("id" = String, Path, description = "The provider's id"), Answer),
    responses(
        (status = 303, description = "To where one came from, with the cookies of a session; or to the sign-in page, which says why not"),
        (status = "default", description = "A problem", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
#[get("/api/accounts/oidc/{id}/callback")]
pub(crate) async fn end_oidc(
    request: HttpRequest,
    from: Origin,
    id: web::Path<String>,
    query: web::Query<Answer>,
    accounts: web::Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let cookies = Cookies::of(&request);
    let sealed = cookies.flow(&request);
    let arrival = accounts.arrive(&id, sealed.as_ref(), &query, &from).await;
    let mut answer = match arrival {
        Ok(arrival) => {
            let mut answer = see_other(&arrival.return_to);
            if let Some(signed_in) = &arrival.signed_in {
                cookies.give(&mut answer, signed_in);
            }
            answer
        }
        Err(error) => not_in(&id, error)?,
    };
    cookies.forget_flow(&mut answer);
    Ok(answer)
}
