//! Who answers what.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use platform_http::{Client, Problem, Service};
use url::{Position, Url};

use crate::{assets, forward, watch};

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) client: Client,
    openapi: Arc<str>,
    bucket: Option<Arc<str>>,
    public_url: Option<Url>,
}

impl State {
    pub(crate) fn new(
        client: Client,
        openapi: String,
        bucket: Option<String>,
        public_url: Option<Url>,
    ) -> Self {
        Self {
            client,
            openapi: openapi.into(),
            bucket: bucket.map(Into::into),
            public_url,
        }
    }

    /// Where people reach the gateway: scheme, and host with its port. As configured, which knows of
    /// what ends TLS in front of it; otherwise where the request was sent to.
    pub(crate) fn reached_at<'a>(&'a self, request: &'a HttpRequest) -> (&'a str, Option<&'a str>) {
        if let Some(url) = &self.public_url {
            let host = &url[Position::BeforeHost..Position::AfterPort];
            return (url.scheme(), Some(host));
        }
        let host = request.headers().get(header::HOST);
        ("http", host.and_then(|host| host.to_str().ok()))
    }
}

/// The routes. `/internal` and `/origin` are in none of them, so nothing from outside gets there.
pub(crate) fn routes(app: &mut ServiceConfig, state: &State) {
    app.app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(forward::upstream_client()))
        .app_data(web::PayloadConfig::new(usize::MAX));
    for (prefix, service) in [
        ("/api/uploads", Service::Ingress),
        ("/api/videos", Service::Metadata),
        ("/api/search", Service::Metadata),
        ("/v", Service::Edge),
    ] {
        let to = move |request, payload, state, upstream| {
            forward::forward(service, request, payload, state, upstream)
        };
        app.service(
            web::scope(prefix)
                .route("", web::route().to(to))
                .route("/{rest:.*}", web::route().to(to)),
        );
    }
    if let Some(bucket) = &state.bucket {
        app.route(
            &format!("/{bucket}/{{key:.*}}"),
            web::route().to(forward::to_objects),
        );
    }
    app.route("/api/watch/{id}", web::get().to(watch::get))
        .route("/api/openapi.json", web::get().to(openapi))
        .route("/api/health/live", web::get().to(HttpResponse::NoContent))
        .route("/api/health/ready", web::get().to(ready))
        .route("/api/{rest:.*}", web::route().to(no_such_api))
        .route("/internal/{rest:.*}", web::route().to(no_such_api))
        .route("/origin/{rest:.*}", web::route().to(no_such_api))
        .route("/{path:.*}", web::get().to(assets::serve))
        .route("/{path:.*}", web::head().to(assets::serve));
}

async fn openapi(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(state.openapi.to_string())
}

/// Ready once the services that every page needs are. Edges come and go: the edge-provider knows
/// which are there.
async fn ready(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    for service in [Service::Ingress, Service::Metadata, Service::EdgeProvider] {
        let answer = state
            .client
            .get(service, "/health/ready", |request| request)
            .await
            .map_err(|error| Problem::unavailable(1, error))?;
        answer
            .error_for_status()
            .map_err(|error| Problem::unavailable(1, error))?;
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn no_such_api(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Problem::not_found(format!(
        "There is no operation at {}: /api/openapi.json lists all.",
        request.path()
    )))
}
