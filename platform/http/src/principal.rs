//! Who a request acts for, as the service token says that came with it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use platform_auth::{Caller, Identity, Role, Scope};
use schemas::OwnerId;

use crate::{Problem, Service};

/// Header that carries the service token: which service asks, and for whom. The gateway removes it
/// from what comes from outside.
pub const PRINCIPAL_HEADER: &str = "x-marquee-principal";

/// By which viewers show that they know the password of a video.
pub const UNLOCK_HEADER: &str = "marquee-unlock";

/// Somebody for whom a request acts; nobody is answered 401. Handlers pass it to every row and
/// event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who it is, and what they may do.
    pub identity: Identity,
    /// The user: `identity.user`.
    pub owner: OwnerId,
}

impl Principal {
    /// Lets nobody pass but admins, by a credential that may be used for what admins do.
    pub fn demand_admin(&self) -> Result<(), Problem> {
        if self.identity.may(Role::Admin, Scope::Admin) {
            return Ok(());
        }
        Err(Problem::forbidden(
            "This takes an admin, and a token that may be used for it. Ask an admin.",
        ))
    }
}

/// Perhaps somebody for whom a request acts, for what strangers may ask as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Who it is, if it is known.
    pub identity: Option<Identity>,
}

/// A service of ours other than the gateway: nothing that people can have asked for. Others are
/// answered 403.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Internal {
    /// Its name.
    pub service: String,
}

fn caller(request: &HttpRequest) -> Option<Caller> {
    request.extensions().get::<Caller>().cloned()
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let identity = caller(request).and_then(|caller| caller.identity);
        let principal = identity.map(|identity| Self {
            owner: identity.user.clone(),
            identity,
        });
        ready(principal.ok_or_else(|| Problem::signed_out("Sign in first, then try again.")))
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
        ready(ours.map(|service| Self { service }).ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "internal-only",
                "This is for services only",
                "Only services of Marquee may ask this, and not on behalf of people.",
            )
        }))
    }
}
