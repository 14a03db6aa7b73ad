//! Calls to other services.

use std::time::Duration;

use platform_auth::{Caller, Identity, TokenError};
use reqwest::header::HeaderValue;
use reqwest::{Method, RequestBuilder, Response};
use url::Url;

use crate::{Discovery, DiscoveryError, PRINCIPAL_HEADER, Service, Trust};

/// A service that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody has said where it is.
    #[error("the service cannot be found")]
    Unknown(#[from] DiscoveryError),
    /// It cannot be reached, or took too long.
    #[error("the service gave no answer")]
    NoAnswer(#[from] reqwest::Error),
    /// No token can be made for the call.
    #[error("the call cannot be signed")]
    Unsigned(#[source] TokenError),
}

/// A client for calls within Marquee: timeouts, connection reuse, the current trace and a service
/// token in every call.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    discovery: Discovery,
    trust: Trust,
    caller: Caller,
}

impl Client {
    /// A client that finds services by `discovery` and is called `name` there.
    pub fn new(discovery: Discovery, trust: Trust, name: &str) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .read_timeout(Duration::from_mins(1))
            // Servers close what is idle for five seconds: never send on what is just being closed.
            .pool_idle_timeout(Duration::from_secs(3))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            discovery,
            trust,
            caller: Caller {
                service: name.to_owned(),
                identity: None,
            },
        })
    }

    /// The same connections, for the calls of `service`.
    #[must_use]
    pub fn of(&self, service: Service) -> Self {
        let mut other = self.clone();
        service.name().clone_into(&mut other.caller.service);
        other
    }

    /// The same connections, for what a service asks of its own accord: what the gateway asks counts
    /// otherwise as asked by those whom it serves, see [`Internal`](crate::Internal).
    #[must_use]
    pub fn by_itself(&self) -> Self {
        let mut other = self.clone();
        other.caller.service.push_str("-itself");
        other
    }

    /// The same connections, for calls on behalf of `identity`.
    #[must_use]
    pub fn on_behalf_of(&self, identity: Option<Identity>) -> Self {
        let mut other = self.clone();
        other.caller.identity = identity;
        other
    }

    /// What it signs with, for those who build calls themselves.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Gets `path` of `service`: see [`Client::send`].
    pub async fn get(
        &self,
        service: Service,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, CallError> {
        self.send(Method::GET, service, path, with).await
    }

    /// Sends a request to `path` (which begins with `/`) of `service`; `with` adds headers and a
    /// body. When one replica cannot be reached, the next is asked.
    pub async fn send(
        &self,
        method: Method,
        service: Service,
        path: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, CallError> {
        let mut others = self.discovery.replicas(service);
        let unsigned = CallError::Unsigned;
        let token = self.trust.token(&self.caller).map_err(unsigned)?;
        let mut token =
            HeaderValue::from_str(&token).map_err(|_not_text| unsigned(TokenError::Invalid))?;
        token.set_sensitive(true);
        loop {
            let base = self.discovery.resolve(service)?;
            let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
            let request = self.http.request(method.clone(), url);
            let request = traced(request.header(PRINCIPAL_HEADER, token.clone()));
            let answer = with(request).send().await;
            others = others.saturating_sub(1);
            match answer {
                Err(error) if error.is_connect() => {
                    self.discovery.shun(&base);
                    if others == 0 {
                        return Err(error.into());
                    }
                }
                answer => return Ok(answer?),
            }
        }
    }

    /// A request to any address of ours, an edge's perhaps. It carries no service token: edges
    /// stand where others are, too.
    pub fn request_url(&self, method: Method, url: Url) -> RequestBuilder {
        traced(self.http.request(method, url))
    }

    /// The services this client knows.
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }
}

fn traced(request: RequestBuilder) -> RequestBuilder {
    match platform_telemetry::current_traceparent() {
        Some(traceparent) => request.header("traceparent", traceparent),
        None => request,
    }
}
