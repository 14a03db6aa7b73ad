//! Calls to other services.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use url::Url;

use crate::{Discovery, DiscoveryError, Service};

/// A service that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody has said where it is.
    #[error("the service cannot be found")]
    Unknown(#[from] DiscoveryError),
    /// It cannot be reached, or took too long.
    #[error("the service gave no answer")]
    NoAnswer(#[from] reqwest::Error),
}

/// A client for calls within Marquee: timeouts, connection reuse, the current trace in every call.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    discovery: Discovery,
}

impl Client {
    /// A client that finds services by `discovery`.
    pub fn new(discovery: Discovery) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .read_timeout(Duration::from_mins(1))
            // Servers close what is idle for five seconds: never send on what is just being closed.
            .pool_idle_timeout(Duration::from_secs(3))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { http, discovery })
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
        loop {
            let base = self.discovery.resolve(service)?;
            let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
            let request = traced(self.http.request(method.clone(), url));
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

    /// A request to any address of ours.
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
