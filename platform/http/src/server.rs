//! One way to serve: bind first, then build; drain on shutdown.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use platform_core::Lifecycle;

use crate::{Discovery, DiscoveryError, Problem, Service, request};

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
}

impl Server {
    /// `service` on a loopback port with one thread.
    pub fn internal(service: Service) -> Self {
        Self {
            service,
            listen: None,
            workers: 1,
            json_limit: 1 << 20,
            health: Health::default(),
            notice: Duration::ZERO,
        }
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

/// A server that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
}

/// Starts `server` with the routes of `configure` until `lifecycle` drains, and announces it.
pub fn serve<F>(
    server: Server,
    lifecycle: &Lifecycle,
    discovery: &Discovery,
    configure: F,
) -> Result<Running, ServeError>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let (listener, addr) = bind(&server, discovery)?;
    let Server {
        service,
        workers,
        json_limit,
        health,
        notice,
        ..
    } = server;
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
    use platform_core::Lifecycle;

    use super::*;
    use crate::Addresses;

    #[actix_web::test]
    async fn who_is_about_to_end_says_so_and_serves_until_the_notice_is_over() {
        let life = Lifecycle::new();
        let discovery = Discovery::new(Addresses::default(), None);
        let server = Server {
            listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            notice: Duration::from_secs(3600),
            ..Server::internal(Service::Gateway)
        };
        let running = serve(server, &life, &discovery, |app| {
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
}
