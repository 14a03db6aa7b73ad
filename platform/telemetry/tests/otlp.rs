//! Spans and metrics reach a collector, and a trace stays whole across processes.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use platform_telemetry::{Config, metrics};
use prost::Message as _;
use tracing::{info_span, trace_span};

const REMOTE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Answers every request with 200 and passes on its path and body.
fn receiver() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || serve(stream, &sender));
        }
    });
    (address, requests)
}

fn serve(mut stream: TcpStream, sender: &mpsc::Sender<(String, Vec<u8>)>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut path, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("POST ") {
                rest.split(' ').next().unwrap().clone_into(&mut path);
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        sender.send((path, body)).unwrap();
    }
}

#[test]
fn a_collector_gets_spans_of_a_whole_trace_and_metrics() {
    let (otlp_endpoint, requests) = receiver();
    let config = Config {
        // Spans do not depend on what is logged.
        log: "off".to_owned(),
        otlp_endpoint,
        service_name: "test-service".to_owned(),
        ..Config::default()
    };
    assert_eq!(platform_telemetry::current_traceparent(), None);
    let guard = platform_telemetry::init(&config).unwrap();
    assert!(platform_telemetry::init(&config).is_err());

    let consumer = info_span!(target: "ingress", "handle event");
    platform_telemetry::set_parent(&consumer, REMOTE);
    platform_telemetry::set_parent(&info_span!(target: "ingress", "other"), "nonsense");
    let traceparent = consumer.in_scope(|| {
        let _fine = trace_span!(target: "ingress", "too fine").entered();
        let _foreign = info_span!(target: "hyper", "foreign").entered();
        platform_telemetry::current_traceparent().unwrap()
    });
    assert!(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    drop(consumer);
    metrics::queue_depth("urgent", 3);
    metrics::encode_speed("bulk", 2.5);
    metrics::first_frame(1.5);
    metrics::http_request("GET", "/api/videos/{id}", 200, 0.01);
    metrics::bus_lag("planner", "transcode", 7);
    metrics::outbox(3, 0.5);
    guard.shutdown();

    let (mut spans, mut names, mut services) = (Vec::new(), Vec::new(), Vec::new());
    while let Ok((path, body)) = requests.recv_timeout(Duration::from_millis(500)) {
        if path == "/v1/traces" {
            let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
            for resource in request.resource_spans {
                services.extend(resource.resource.unwrap().attributes);
                let scopes = resource.scope_spans.into_iter();
                spans.extend(scopes.flat_map(|scope| scope.spans));
            }
        } else {
            assert_eq!(path, "/v1/metrics");
            let request = ExportMetricsServiceRequest::decode(body.as_slice()).unwrap();
            let resources = request.resource_metrics.into_iter();
            let scopes = resources.flat_map(|resource| resource.scope_metrics);
            names.extend(scopes.flat_map(|scope| scope.metrics).map(|m| m.name));
        }
    }
    spans.retain(|span| span.name != "other");
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!(spans[0].name, "handle event");
    let parent = [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31];
    assert_eq!(spans[0].parent_span_id, parent);
    let service = services.iter().find(|pair| pair.key == "service.name");
    assert!(format!("{service:?}").contains("test-service"));
    names.sort_unstable();
    let expected = [
        "http.server.request.duration",
        "marquee.bus.lag",
        "marquee.encode.speed",
        "marquee.first_frame_seconds",
        "marquee.outbox.oldest",
        "marquee.outbox.rows",
        "marquee.transcode.queue_depth",
    ];
    assert_eq!(names, expected);
}
