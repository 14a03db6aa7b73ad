//! Who answers what.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Scope};
use platform_http::{Client, Problem, Service};
use url::Url;

use crate::Config;
use crate::network::Network;
use crate::reached::{Reached, reached};
use crate::who::Who;
use crate::{assets, forward, media, watch, who};

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) client: Client,
    openapi: Arc<str>,
    bucket: Option<Arc<str>>,
    public_url: Option<Url>,
    media_url: Option<Url>,
    trusted_proxies: Arc<[Network]>,
    pub(crate) who: Who,
}

impl State {
    pub(crate) fn new(
        client: Client,
        openapi: String,
        bucket: Option<String>,
        config: &Config,
        who: Who,
    ) -> Self {
        Self {
            client,
            openapi: openapi.into(),
            bucket: bucket.map(Into::into),
            public_url: config.public_url.clone(),
            media_url: config.media_url.clone(),
            trusted_proxies: config.trusted_proxies.as_slice().into(),
            who,
        }
    }

    /// From where, and by what, people reach the gateway.
    pub(crate) fn reached(&self, request: &HttpRequest) -> Reached {
        reached(request, &self.trusted_proxies, self.public_url.as_ref())
    }
}

/// The routes. `/internal` and `/origin` are in none of them, so nothing from outside gets there.
pub(crate) fn routes(app: &mut ServiceConfig, state: &State) {
    app.app_data(web::Data::new(state.clone()))
        .app_data(web::Data::new(forward::upstream_client()))
        .app_data(web::PayloadConfig::new(usize::MAX));
    if let Some(media) = &state.media_url {
        media::apart(app, media);
    }
    app.route("/api/openapi.json", web::get().to(openapi))
        .route("/api/health/live", web::get().to(HttpResponse::NoContent))
        .route("/api/health/ready", web::get().to(ready));
    let mut api = web::scope("/api").route("/watch/{id}", web::get().to(watch::get));
    for (prefix, service) in [
        ("/accounts", Service::Accounts),
        ("/admin/users", Service::Accounts),
        ("/admin/invitations", Service::Accounts),
        ("/admin/audit", Service::Accounts),
        ("/admin/verify", Service::PostProcessor),
        ("/admin/dead-letters", Service::PostProcessor),
        ("/admin/jobs", Service::Transcoder),
        ("/admin/quotas", Service::Ingress),
        ("/quota", Service::Ingress),
        ("/uploads", Service::Ingress),
        ("/videos", Service::Metadata),
        ("/search", Service::Metadata),
    ] {
        api = api.service(forwarded(prefix, service));
    }
    app.service(
        api.default_service(web::to(no_such_api))
            .wrap(from_fn(who::enter)),
    )
    .service(films());
    if let Some(bucket) = &state.bucket {
        app.route(
            &format!("/{bucket}/{{key:.*}}"),
            web::route().to(forward::to_objects),
        );
    }
    app.route("/internal/{rest:.*}", web::route().to(no_such_api))
        .route("/origin/{rest:.*}", web::route().to(no_such_api))
        .route("/{path:.*}", web::get().to(assets::serve))
        .route("/{path:.*}", web::head().to(assets::serve));
}

/// Where films are.
pub(crate) const FILMS: &str = "/v";

/// The objects of films, as the embedded edge serves them.
pub(crate) fn films() -> Scope {
    forwarded(FILMS, Service::Edge)
}

/// Everything below `prefix` goes on to `service`.
fn forwarded(prefix: &str, service: Service) -> Scope {
    let to = move |request, payload, state, upstream| {
        forward::forward(service, request, payload, state, upstream)
    };
    web::scope(prefix)
        .route("", web::route().to(to))
        .route("/{rest:.*}", web::route().to(to))
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
