//! Who asks: people are recognised here, once, and services are told.

mod accounts;
mod credential;
mod csrf;

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{ResponseError as _, web};
use platform_auth::{Caller, Identity};
use platform_http::{Problem, Service, recognise};

pub(crate) use accounts::Accounts;
use accounts::Refusal;
use credential::Credential;

use crate::http::State;
use crate::rules;

/// How people are recognised.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// Not at all: everybody is the one owner.
    Everybody,
    /// By what accounts says.
    Accounts(Arc<Accounts>),
}

/// What may be asked with a credential that is not good any more: how else would one get another?
/// Accounts itself refuses what takes somebody.
const SIGNING_IN: &str = "/api/accounts/";

/// The middleware of the API: recognises who asks, and refuses what a page of somebody else's had a
/// browser send.
pub(crate) async fn enter(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    match identify(&request).await {
        Ok(identity) => {
            let path = request.uri().path();
            if let Err(problem) = rules::check(request.method(), path, identity.as_ref()) {
                return Ok(request.into_response(problem.error_response()));
            }
            let service = Service::Gateway.name().to_owned();
            recognise(request.request(), Caller { service, identity });
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

async fn identify(request: &ServiceRequest) -> Result<Option<Identity>, Problem> {
    let Some(state) = request.app_data::<web::Data<State>>() else {
        return Ok(None);
    };
    let state = web::Data::clone(state);
    let reached = state.reached(request.request());
    let shown = credential::shown(request.headers(), reached.scheme);
    csrf::check(
        request.method(),
        request.headers(),
        &shown,
        reached.origin().as_deref(),
    )?;
    let accounts = match &state.who {
        Who::Everybody => return Ok(Some(Identity::local())),
        Who::Accounts(accounts) => accounts,
    };
    if shown.credential == Credential::None {
        return Ok(None);
    }
    match accounts.recognise(&shown.credential).await {
        Ok(identity) => Ok(Some(identity)),
        Err(Refusal::SignedOut) if request.uri().path().starts_with(SIGNING_IN) => Ok(None),
        Err(Refusal::SignedOut) => Err(Problem::signed_out(
            "Your session or token is not valid, or not any more. Sign in again, then try again.",
        )),
        Err(Refusal::Unknown(silence)) => Err(Problem::unavailable(1, silence)),
    }
}
