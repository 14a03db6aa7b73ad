//! Who asks, by the service token that came with the request.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use platform_auth::{Caller, Identity, Role, Scope, ServiceKey};
use platform_core::Clock;
use platform_http::{PRINCIPAL_HEADER, Problem, Service};

use super::failure;

/// What checks service tokens.
pub(crate) struct Asking {
    pub(crate) key: ServiceKey,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Somebody for whom a request acts; nobody is answered 401.
#[derive(Debug)]
pub(crate) struct Principal {
    pub(crate) identity: Identity,
}

/// Perhaps somebody for whom a request acts.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) identity: Option<Identity>,
}

/// A service of ours other than the gateway.
#[derive(Debug)]
pub(crate) struct Internal;

impl Principal {
    /// Who it is, if they may decide about their account: API tokens may not.
    pub(super) fn holder(self) -> Result<Identity, Problem> {
        let may = self.identity.may(Role::Viewer, Scope::Account);
        may.then_some(self.identity)
            .ok_or_else(failure::not_by_token)
    }

    /// Who it is, if they are an admin.
    pub(super) fn admin(self) -> Result<Identity, Problem> {
        let may = self.identity.may(Role::Admin, Scope::Admin);
        may.then_some(self.identity)
            .ok_or_else(failure::admins_only)
    }
}

fn caller(request: &HttpRequest) -> Option<Caller> {
    let asking = request.app_data::<web::Data<Asking>>()?;
    let token = request.headers().get(PRINCIPAL_HEADER)?.to_str().ok()?;
    asking.key.verify(token, asking.clock.now_ms()).ok()
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let identity = caller(request).and_then(|caller| caller.identity);
        let principal = identity.map(|identity| Self { identity });
        ready(principal.ok_or_else(failure::signed_out))
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let identity = caller(request).and_then(|caller| caller.identity);
        ready(Ok(Self { identity }))
    }
}

impl FromRequest for Internal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let service = caller(request).map(|caller| caller.service);
        let ours = service.filter(|name| name != Service::Gateway.name());
        ready(ours.map(|_| Self).ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "internal-only",
                "This is for services only",
                "Only services of Marquee may ask this, and not on behalf of people.",
            )
        }))
    }
}
