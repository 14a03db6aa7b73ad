//! Who a request acts for.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use schemas::OwnerId;

use crate::Problem;

/// Header in which the gateway tells services who it has authenticated. The gateway removes it
/// from what comes from outside.
pub const PRINCIPAL_HEADER: &str = "x-marquee-principal";

/// Who a request acts for. Every handler takes one, and passes it to every row and event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user; [`OwnerId::local`] until accounts exist.
    pub owner: OwnerId,
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let named = request
            .headers()
            .get(PRINCIPAL_HEADER)
            .map(|value| value.to_str());
        ready(match named {
            None => Ok(Self {
                owner: OwnerId::local(),
            }),
            Some(Ok(name)) => Ok(Self {
                owner: OwnerId::new(name),
            }),
            Some(Err(_)) => Err(Problem::bad_request(
                "The principal header is not readable.",
            )),
        })
    }
}
