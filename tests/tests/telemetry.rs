//! One trace tells the whole story of a film, and the numbers that matter are reported.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use system_tests::{Marquee, film};

/// What a film passes on its way, in the trace that its upload's first request began.
const WAY: [&str; 7] = [
    "http.request",
    "ingress.complete",
    "handle event",
    "transcode.probe",
    "transcode.task",
    "transcode.encode",
    "post_processor.work",
];

/// What dashboards are made of.
const NUMBERS: [&str; 3] = [
    "marquee.transcode.queue_depth",
    "marquee.encode.speed",
    "marquee.first_frame_seconds",
];

/// All that was sent to the collector.
#[derive(Debug, Default)]
struct Received {
    spans: Vec<Span>,
    metrics: BTreeSet<String>,
}

type Inbox = web::Data<Arc<Mutex<Received>>>;

async fn traces(inbox: Inbox, body: web::Bytes) -> HttpResponse {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let resources = request.resource_spans.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans);
    inbox.lock().unwrap().spans.extend(spans);
    HttpResponse::Ok().finish()
}

async fn metrics(inbox: Inbox, body: web::Bytes) -> HttpResponse {
    let request = ExportMetricsServiceRequest::decode(body).unwrap();
    let resources = request.resource_metrics.into_iter();
    let scopes = resources.flat_map(|resource| resource.scope_metrics);
    let names = scopes.flat_map(|scope| scope.metrics).map(|one| one.name);
    inbox.lock().unwrap().metrics.extend(names);
    HttpResponse::Ok().finish()
}

/// An OTLP collector, its address and what it got.
fn collector() -> (String, Arc<Mutex<Received>>) {
    let received = Arc::new(Mutex::new(Received::default()));
    let inbox = web::Data::new(Arc::clone(&received));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(inbox.clone())
            .app_data(web::PayloadConfig::new(16 << 20))
            .route("/v1/traces", web::post().to(traces))
            .route("/v1/metrics", web::post().to(metrics))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = format!("http://{}", server.addrs().first().unwrap());
    actix_web::rt::spawn(server.run());
    (address, received)
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|pair| pair.key == key);
    format!("{:?}", found.and_then(|pair| pair.value.as_ref()))
}

#[actix_web::test]
async fn one_trace_leads_from_the_uploads_first_request_to_live() {
    let (endpoint, received) = collector();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("MARQUEE__TELEMETRY__METRICS_INTERVAL_S", "1"),
    ];
    let mut marquee = Marquee::up_with(&variables).await;
    let folder = tempfile::tempdir().unwrap();
    let source = film::lavfi(folder.path(), "traced.mp4", 4, "25", "320x240");
    let told = marquee.upload(&source, &["--wait", "complete"]).await;
    assert!(told.is_ok(), "{told:?}");
    // Ending sends what has not been sent yet.
    assert_eq!(marquee.terminate().await, Some(0));

    let received = received.lock().unwrap();
    let first = received.spans.iter().find(|span| {
        span.name == "http.request"
            && span.parent_span_id.is_empty()
            && attribute(span, "url.path").contains("\"/api/uploads\"")
    });
    let trace = &first.unwrap().trace_id;
    let told: Vec<&Span> = received
        .spans
        .iter()
        .filter(|span| &span.trace_id == trace)
        .collect();
    let names: BTreeSet<&str> = told.iter().map(|span| span.name.as_str()).collect();
    for name in WAY {
        assert!(
            names.contains(name),
            "{name} is not in the trace of {names:?}"
        );
    }

    // No work on the film is told anywhere else, and every span hangs on another of the trace.
    for span in &received.spans {
        let of_a_film = span.name.starts_with("transcode.") || span.name.starts_with("post_");
        assert!(!of_a_film || &span.trace_id == trace, "{span:?}");
    }
    let known: HashMap<&[u8], &str> = told
        .iter()
        .map(|span| (span.span_id.as_slice(), span.name.as_str()))
        .collect();
    for span in &told {
        let parent = span.parent_span_id.as_slice();
        assert!(
            parent.is_empty() || known.contains_key(parent),
            "the parent is lost: {span:?}"
        );
    }
    for kind in ["plan", "video", "audio", "finish"] {
        let found = told.iter().any(|span| {
            span.name == "transcode.task" && attribute(span, "task.kind").contains(kind)
        });
        assert!(found, "no {kind} task in the trace");
    }
    for number in NUMBERS {
        assert!(
            received.metrics.contains(number),
            "{number} is not among {:?}",
            received.metrics
        );
    }
}
