//! One way to serve: bind first, then build; drain on shutdown.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::middleware::from_fn;
use actix_web::web::{self, JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use platform_core::Lifecycle;

use crate::trust::{Gate, guard};
use crate::{Admission, BearerKeys, Client, Discovery, DiscoveryError, Problem, Service, request};

/// A server that could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken or not ours.
    #[error("{service} cannot listen on {addr}: choose another address with --listen")]
    Bind {
        /// Who wanted to listen.
        service: Service,
        /// Where.
        addr: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The address cannot be made known.
    #[error("{service} cannot announce its address")]
    Announce {
        /// Whose address.
        service: Service,
        /// Why.
        #[source]
        source: DiscoveryError,
    },
}

/// How long what a service needs may take to say that it is there.
const PROBE: Duration = Duration::from_secs(1);

type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Whether a service can do its work now; `/health/ready` tells.
#[derive(Clone, Default)]
pub struct Health {
    needs: Vec<(&'static str, Probe)>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needs = self.needs.iter().map(|(what, _)| what);
        f.debug_list().entries(needs).finish()
    }
}

impl Health {
    /// What is missing at the moment.
    async fn missing(&self) -> Option<&'static str> {
        for (what, probe) in &self.needs {
            if !tokio::time::timeout(PROBE, probe()).await.unwrap_or(false) {
                return Some(what);
            }
        }
        None
    }
}

/// How a server is to run.
#[derive(Debug, Clone)]
pub struct Server {
    /// Whose server it is.
    pub service: Service,
    /// Where to listen. `None`: as configured for the service; otherwise on a loopback port, the
    /// one of last time if it is free.
    pub listen: Option<SocketAddr>,
    /// Threads that serve.
    pub workers: usize,
    /// Largest JSON body in bytes.
    pub json_limit: usize,
    /// Told by `/health/ready`.
    pub health: Health,
    /// How long it goes on serving when the process drains, while `/health/ready` says so: whoever
    /// spreads requests over replicas learns of it before connections are refused.
    pub notice: Duration,
    /// Whose requests it answers.
    pub admission: Admission,
    /// Headers of every answer that does not have them already.
    pub headers: HeaderMap,
}

impl Server {
    /// `service` on a loopback port with one thread. Only our services are answered, but for
    /// `/health/*`.
    pub fn internal(service: Service) -> Self {
        Self {
            service,
            listen: None,
            workers: 1,
            json_limit: 1 << 20,
            health: Health::default(),
            notice: Duration::ZERO,
            admission: Admission::Services {
                bearers_below: None,
            },
            headers: HeaderMap::new(),
        }
    }

    /// The same for a service that answers everybody: it has to know itself what strangers may do.
    pub fn public(service: Service) -> Self {
        Self {
            admission: Admission::Everybody,
            ..Self::internal(service)
        }
    }

    /// The same, which below `prefix` also answers whoever bears one of `keys`.
    #[must_use]
    pub fn bearers_below(mut self, prefix: &'static str, keys: BearerKeys) -> Self {
        self.admission = Admission::Services {
            bearers_below: Some((prefix, keys)),
        };
        self
    }

    /// The same, which is ready only while `probe` says that `what` is there.
    #[must_use]
    pub fn needing<F>(
        mut self,
        what: &'static str,
        probe: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let probe: Probe = Arc::new(move || Box::pin(probe()));
        self.health.needs.push((what, probe));
        self
    }
}

/// Headers of every answer.
#[derive(Debug, Clone)]
pub(crate) struct Always(pub(crate) HeaderMap);

/// A server that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
}

/// Starts `server` with the routes of `configure` until `lifecycle` drains, and announces it to
/// those whom `client` calls. Service tokens are checked with what `client` signs with.
pub fn serve<F>(
    server: Server,
    lifecycle: &Lifecycle,
    client: &Client,
    configure: F,
) -> Result<Running, ServeError>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let discovery = client.discovery();
    let (listener, addr) = bind(&server, discovery)?;
    let Server {
        service,
        workers,
        json_limit,
        health,
        notice,
        admission,
        headers,
        ..
    } = server;
    let gate = Gate {
        admission,
        trust: client.trust().clone(),
    };
    let bound = |source| ServeError::Bind {
        service,
        addr,
        source,
    };
    let life = lifecycle.clone();
    let app = move || {
        App::new()
            .app_data(
                JsonConfig::default()
                    .limit(json_limit)
                    .error_handler(|error, _| {
                        Problem::bad_request(format!("The JSON body is not valid: {error}.")).into()
                    }),
            )
            .app_data(PathConfig::default().error_handler(|_, _| {
                Problem::not_found("There is nothing at this address.").into()
            }))
            .app_data(QueryConfig::default().error_handler(|error, _| {
                Problem::bad_request(format!("The query is not valid: {error}.")).into()
            }))
            .app_data(web::Data::new(health.clone()))
            .app_data(web::Data::new(life.clone()))
            .app_data(web::Data::new(gate.clone()))
            .app_data(web::Data::new(Always(headers.clone())))
            .wrap(from_fn(guard))
            .wrap(from_fn(request::observe))
            .route("/health/live", web::get().to(HttpResponse::NoContent))
            .route("/health/ready", web::get().to(readiness))
            .configure(configure.clone())
            .default_service(web::to(nothing_here))
    };
    let http = HttpServer::new(app)
        .workers(workers)
        .worker_max_blocking_threads(4)
        .disable_signals()
        .shutdown_timeout(10)
        .listen(listener)
        .map_err(bound)?
        .run();
    let handle = http.handle();
    lifecycle.spawn_vital("http server", http);
    let life = lifecycle.clone();
    lifecycle.spawn(async move {
        life.draining().await;
        tokio::select! {
            () = async { tokio::time::sleep(notice).await; handle.stop(true).await } => {}
            () = life.stopping() => handle.stop(false).await,
        }
    });
    discovery
        .announce(service, addr)
        .map_err(|source| ServeError::Announce { service, source })?;
    Ok(Running { addr })
}

fn bind(server: &Server, discovery: &Discovery) -> Result<(TcpListener, SocketAddr), ServeError> {
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let attempt = |addr: SocketAddr| {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        Ok((listener, addr))
    };
    let told = server.listen.or_else(|| discovery.listen(server.service));
    let wanted = told.unwrap_or_else(|| loopback(0));
    let again = match told {
        Some(_) => None,
        None => discovery
            .previous_port(server.service)
            .and_then(|p| attempt(loopback(p)).ok()),
    };
    again
        .map_or_else(|| attempt(wanted), Ok)
        .map_err(|source| ServeError::Bind {
            service: server.service,
            addr: wanted,
            source,
        })
}

async fn readiness(
    health: web::Data<Health>,
    life: web::Data<Lifecycle>,
) -> Result<HttpResponse, Problem> {
    let detail = if life.is_draining() {
        "The service is about to end. Send requests to another replica.".to_owned()
    } else if let Some(what) = health.missing().await {
        format!("The service cannot reach {what}. It goes on by itself when that is back.")
    } else {
        return Ok(HttpResponse::NoContent().finish());
    };
    let status = actix_web::http::StatusCode::SERVICE_UNAVAILABLE;
    Err(Problem::new(status, "not-ready", "Not ready", detail).retry_after(1))
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("There is nothing at this address."))
}

#[cfg(test)]
mod tests {
    use actix_web::HttpRequest;
    use platform_auth::{Caller, Identity, ServiceKey};
    use platform_core::clock::ManualClock;
    use platform_core::{Lifecycle, Redacted};

    use super::*;
    use crate::{Addresses, Internal, PRINCIPAL_HEADER, Principal, Trust, Visitor};

    const NOW: i64 = 1_800_000_000_000;

    fn trust(secret: &str) -> Trust {
        let key = ServiceKey::new(&Redacted::new(secret));
        Trust::new(key, Arc::new(ManualClock::at(NOW)))
    }

    fn client(trust: Trust) -> Client {
        let discovery = Discovery::new(Addresses::default(), None);
        Client::new(discovery, trust, "test").unwrap()
    }

    #[actix_web::test]
    async fn who_is_about_to_end_says_so_and_serves_until_the_notice_is_over() {
        let life = Lifecycle::new();
        let server = Server {
            listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            notice: Duration::from_hours(1),
            ..Server::public(Service::Gateway)
        };
        let running = serve(server, &life, &client(trust("a")), |app| {
            app.route("/here", web::get().to(HttpResponse::Ok));
        });
        let base = format!("http://{}", running.unwrap().addr);
        let http = reqwest::Client::new();
        let get = async |path: &str| {
            let answer = http.get(format!("{base}{path}")).send().await.unwrap();
            let closes = answer.headers().get("connection").is_some();
            (answer.status().as_u16(), closes)
        };
        assert_eq!(get("/health/ready").await, (204, false));
        life.drain();
        assert_eq!(get("/health/ready").await, (503, true));
        assert_eq!(get("/here").await, (200, true));
        // In a hurry, nobody waits for the rest of the notice.
        assert!(life.finish(Duration::ZERO, std::future::pending()).await);
        http.get(format!("{base}/here")).send().await.unwrap_err();
    }

    fn routes(app: &mut ServiceConfig) {
        let name = |request: HttpRequest| async move { request.path().to_owned() };
        app.route(
            "/internal/principal",
            web::get().to(async |it: Principal| it.owner.to_string()),
        )
        .route(
            "/internal/visitor",
            web::get().to(async |it: Visitor| format!("{it:?}")),
        )
        .route(
            "/internal/internal",
            web::get().to(async |it: Internal| it.service),
        )
        .route("/origin/{rest:.*}", web::get().to(name));
    }

    fn token(by: &Trust, service: &str, identity: Option<Identity>) -> String {
        let service = service.to_owned();
        by.token(&Caller { service, identity }).unwrap()
    }

    #[actix_web::test]
    async fn only_services_are_answered_but_for_health_and_whoever_bears_a_key() {
        let life = Lifecycle::new();
        let ours = trust("new\nold");
        let keys = BearerKeys::new(&[Redacted::new("key"), Redacted::new("other")]);
        let server = Server::internal(Service::EdgeProvider).bearers_below("/origin/", keys);
        let running = serve(server, &life, &client(ours.clone()), routes).unwrap();
        let http = reqwest::Client::new();
        let somebody = || Some(Identity::local());
        let late = Trust::new(
            ServiceKey::new(&Redacted::new("new")),
            Arc::new(ManualClock::at(NOW - 180_000)),
        );
        let gateway = token(&ours, "gateway", somebody());
        let stranger = token(&ours, "gateway", None);
        let service = token(&ours, "ingress", None);
        let rotated = token(&trust("old"), "ingress", somebody());
        let expired = token(&late, "ingress", somebody());
        let forged = token(&trust("another"), "ingress", somebody());
        let cases = [
            ("", "/health/live", 204),
            ("", "/health/ready", 204),
            ("", "/origin/film/1/master.m3u8", 401),
            (&forged, "/origin/film/1/master.m3u8", 401),
            (&service, "/origin/film/1/master.m3u8", 200),
            ("Bearer key", "/origin/film/1/master.m3u8", 200),
            ("Bearer other", "/origin/film/1/master.m3u8", 200),
            ("Bearer ", "/origin/film/1/master.m3u8", 401),
            ("Bearer keys", "/origin/film/1/master.m3u8", 401),
            ("Bearer key", "/internal/visitor", 401),
            ("Bearer key", "//origin/", 401),
            ("Bearer key", "/%6frigin/", 401),
            ("", "/internal/visitor", 401),
            ("local", "/internal/visitor", 401),
            (&expired, "/internal/visitor", 401),
            (&forged, "/internal/visitor", 401),
            ("", "/health", 401),
            ("", "/health/live/../../internal/visitor", 401),
            ("", "/%6frigin/", 401),
            ("", "/origin%2f", 401),
            ("", "//origin/", 401),
            ("", "/nothing", 401),
            (&service, "/nothing", 404),
            (&gateway, "/internal/principal", 200),
            (&rotated, "/internal/principal", 200),
            (&stranger, "/internal/principal", 401),
            (&service, "/internal/principal", 401),
            (&gateway, "/internal/visitor", 200),
            (&stranger, "/internal/visitor", 200),
            (&gateway, "/internal/internal", 403),
            (&stranger, "/internal/internal", 403),
            (&service, "/internal/internal", 200),
        ];
        for (token, path, status) in cases {
            let url = format!("http://{}{path}", running.addr);
            let request = match token {
                "" => http.get(url),
                key if key.starts_with("Bearer ") => http.get(url).header("authorization", key),
                token => http.get(url).header(PRINCIPAL_HEADER, token),
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{path} {token}");
            let problem = answer.headers().get("content-type");
            let problem = problem.is_some_and(|kind| kind == "application/problem+json");
            assert_eq!(problem, status >= 400, "{path} {token}");
        }
    }

    #[actix_web::test]
    async fn calls_are_signed_and_strangers_cannot_make_themselves_anybody() {
        let life = Lifecycle::new();
        let client = client(trust("a"));
        serve(Server::internal(Service::Ingress), &life, &client, routes).unwrap();
        let calls = client
            .on_behalf_of(Some(Identity::local()))
            .of(Service::Metadata);
        let ask = async |client: &Client, path: &str| {
            let answer = client.get(Service::Ingress, path, |request| request).await;
            answer.unwrap().text().await.unwrap()
        };
        assert_eq!(ask(&calls, "/internal/principal").await, "local");
        assert_eq!(ask(&calls, "/internal/internal").await, "metadata");
        assert_eq!(ask(&client, "/internal/internal").await, "test");
        // Who answers everybody takes nobody's word, not even that of a service.
        let server = Server::public(Service::Gateway);
        let public = serve(server, &life, &client, routes).unwrap();
        let token = token(&trust("a"), "ingress", Some(Identity::local()));
        let url = format!("http://{}/internal/principal", public.addr);
        let answer = reqwest::Client::new()
            .get(url)
            .header(PRINCIPAL_HEADER, token);
        assert_eq!(answer.send().await.unwrap().status(), 401);
    }
}
