//! Calls to other services.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use url::Url;

use crate::{Discovery, DiscoveryError, Service};

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

    /// A request to `path` (which begins with `/`) of `service`.
    pub fn request(
        &self,
        method: Method,
        service: Service,
        path: &str,
    ) -> Result<RequestBuilder, DiscoveryError> {
        let base = self.discovery.resolve(service)?;
        let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
        Ok(traced(self.http.request(method, url)))
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
