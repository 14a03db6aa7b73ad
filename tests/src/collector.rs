//! An OTLP collector that keeps what it is sent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::task::JoinSet;

/// All that was sent to a collector.
#[derive(Debug, Default)]
pub struct Received {
    /// Spans, in the order in which they ended.
    pub spans: Vec<Span>,
    /// Names of metrics.
    pub metrics: BTreeSet<String>,
}

type Inbox = web::Data<Mutex<Received>>;

/// A collector on a port of its own.
#[derive(Debug)]
pub struct Collector {
    endpoint: String,
    inbox: Arc<Mutex<Received>>,
    _server: JoinSet<std::io::Result<()>>,
}

impl Collector {
    /// Begins to listen.
    pub fn start() -> Self {
        let inbox = Arc::new(Mutex::new(Received::default()));
        let shared = Inbox::from(Arc::clone(&inbox));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(16 << 20))
                .route("/v1/traces", web::post().to(traces))
                .route("/v1/metrics", web::post().to(metrics))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .expect("a loopback port is free");
        let endpoint = format!("http://{}", server.addrs()[0]);
        let mut running = JoinSet::new();
        running.spawn(server.run());
        Self {
            endpoint,
            inbox,
            _server: running,
        }
    }

    /// Where it listens, for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What has come by now.
    pub fn received(&self) -> MutexGuard<'_, Received> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn traces(inbox: Inbox, body: web::Bytes) -> HttpResponse {
    let request = ExportTraceServiceRequest::decode(body).expect("a request of OTLP");
    let resources = request.resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    let mut received = inbox.lock().unwrap_or_else(PoisonError::into_inner);
    received.spans.extend(spans);
    HttpResponse::Ok().finish()
}

async fn metrics(inbox: Inbox, body: web::Bytes) -> HttpResponse {
    let request = ExportMetricsServiceRequest::decode(body).expect("a request of OTLP");
    let resources = request.resource_metrics.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_metrics);
    let names = scopes.flat_map(|scope| scope.metrics).map(|one| one.name);
    let mut received = inbox.lock().unwrap_or_else(PoisonError::into_inner);
    received.metrics.extend(names);
    HttpResponse::Ok().finish()
}

/// The text of a span's attribute, empty without.
pub fn attribute<'s>(span: &'s Span, key: &str) -> &'s str {
    let found = span.attributes.iter().find(|pair| pair.key == key);
    match found.and_then(|pair| pair.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}
