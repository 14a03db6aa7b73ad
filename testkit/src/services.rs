//! Services that speak to each other in tests: one key, and calls that are signed with it.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a helper that cannot go on is a failed test"
)]

use std::path::Path;
use std::sync::Arc;

pub use platform_auth::Identity;
use platform_auth::{Caller, Role, Scope, ServiceKey};
use platform_core::{Redacted, SystemClock, secret};
use platform_http::{Addresses, Client, Discovery, PRINCIPAL_HEADER, Service, Trust};
use reqwest::RequestBuilder;
use schemas::OwnerId;

/// How tests are called where they ask as a service.
const NAME: &str = "test";

/// What the services of a test know each other by.
pub fn trust() -> Trust {
    with(&Redacted::new("the service key of tests"))
}

fn with(secret: &Redacted) -> Trust {
    Trust::new(ServiceKey::new(secret), Arc::new(SystemClock))
}

/// A client that finds what is served with itself or a clone.
pub fn client() -> Client {
    client_of(Discovery::new(Addresses::default(), None))
}

/// A client that finds services by `discovery`.
pub fn client_of(discovery: Discovery) -> Client {
    Client::new(discovery, trust(), NAME).expect("a client can be made")
}

/// `request` as the gateway passes it on for the one owner of a machine without accounts.
pub fn from_gateway(request: RequestBuilder) -> RequestBuilder {
    from_gateway_for(request, Some(Identity::local()))
}

/// `request` as the gateway passes it on for `identity`.
pub fn from_gateway_for(request: RequestBuilder, identity: Option<Identity>) -> RequestBuilder {
    let service = Service::Gateway.name().to_owned();
    signed(request, &trust(), &Caller { service, identity })
}

/// An uploader called `name`.
pub fn somebody(name: &str) -> Identity {
    Identity {
        user: OwnerId::new(name),
        role: Role::Uploader,
        scopes: [Scope::Read, Scope::Upload, Scope::Edit, Scope::Account].into(),
        credential: format!("session of {name}"),
    }
}

/// `request` as another service sends it.
pub fn from_service(request: RequestBuilder) -> RequestBuilder {
    signed(request, &trust(), &nobody())
}

/// `request` as another service of the Marquee sends it that keeps its key in `file`.
pub fn from_service_with(request: RequestBuilder, file: &Path) -> RequestBuilder {
    let secret = secret::read_configured(file).expect("the services have a key");
    signed(request, &with(&secret), &nobody())
}

fn nobody() -> Caller {
    Caller {
        service: NAME.to_owned(),
        identity: None,
    }
}

fn signed(request: RequestBuilder, trust: &Trust, caller: &Caller) -> RequestBuilder {
    let token = trust.token(caller).expect("a token can be made");
    request.header(PRINCIPAL_HEADER, token)
}
