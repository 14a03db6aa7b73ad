//! Service tokens on the way: every call carries one, every internal server demands one.

use std::fmt;
use std::sync::Arc;

use actix_web::HttpMessage as _;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web;
use actix_web::{HttpRequest, ResponseError as _};
use platform_auth::{Caller, ServiceKey, TokenError};
use platform_core::Clock;

use crate::{BearerKeys, PRINCIPAL_HEADER, Problem};

/// What services know each other by: the key that they share, and the time.
#[derive(Clone)]
pub struct Trust {
    key: ServiceKey,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

impl Trust {
    /// Tokens are made and checked with `key` by `clock`.
    pub fn new(key: ServiceKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, clock }
    }

    /// A token for a call that begins now: the value of [`PRINCIPAL_HEADER`].
    pub fn token(&self, caller: &Caller) -> Result<String, TokenError> {
        self.key.sign(caller, self.clock.now_ms())
    }

    /// Who asks by `token`.
    fn caller(&self, token: &str) -> Result<Caller, TokenError> {
        self.key.verify(token, self.clock.now_ms())
    }
}

/// Whose requests a server answers. Nothing else in Marquee decides about that, so that what is
/// open is told by `git grep 'Server::public\|bearers_below'`.
#[derive(Debug, Clone)]
pub enum Admission {
    /// Those of our services, by their tokens.
    Services {
        /// What begins with this is also for whoever bears one of the keys: for those who cannot make
        /// tokens.
        bearers_below: Option<(&'static str, BearerKeys)>,
    },
    /// Everybody's. Tokens are not looked at: what a stranger says of itself counts for nothing.
    Everybody,
}

/// What a server does about [`Admission`].
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) admission: Admission,
    pub(crate) trust: Trust,
}

impl Gate {
    /// Who asks, as far as it is known, or why there is no answer.
    fn admit(&self, request: &ServiceRequest) -> Result<Option<Caller>, Problem> {
        let Admission::Services { bearers_below } = &self.admission else {
            return Ok(None);
        };
        let token = request.headers().get(PRINCIPAL_HEADER);
        let caller = token.and_then(|token| self.trust.caller(token.to_str().ok()?).ok());
        // The path as it was sent: one that is written in another way is not open.
        let path = request.uri().path();
        let bears_key = |(prefix, keys): &(&str, BearerKeys)| {
            path.starts_with(prefix) && keys.admit(request.headers())
        };
        let is_open = matches!(path, "/health/live" | "/health/ready")
            || bearers_below.as_ref().is_some_and(bears_key);
        if caller.is_some() || is_open {
            return Ok(caller);
        }
        Err(Problem::new(
            actix_web::http::StatusCode::UNAUTHORIZED,
            "not-a-service",
            "This is for services of Marquee",
            "The request carries no valid service token. Ask the gateway; if this is a service, give \
             it the same service_key_file as the others and check its clock.",
        ))
    }
}

/// The middleware of every server: lets nobody pass whom its [`Gate`] does not admit.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let gate = request.app_data::<web::Data<Gate>>();
    let admitted = match gate {
        Some(gate) => gate.admit(&request),
        None => Err(Problem::not_found("There is nothing at this address.")),
    };
    match admitted {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

/// Makes `caller` the one who asks in `request`: for the gateway, which recognises people itself.
pub fn recognise(request: &HttpRequest, caller: Caller) {
    request.extensions_mut().insert(caller);
}
