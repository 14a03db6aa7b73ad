//! One trace tells the whole story of a film, and the numbers that matter are reported.

use std::collections::{BTreeSet, HashMap};

use opentelemetry_proto::tonic::trace::v1::Span;
use system_tests::collector::attribute;
use system_tests::{Collector, Marquee, film};

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

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_uploads_first_request_to_live() {
    let collector = Collector::start();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
        ("MARQUEE__TELEMETRY__METRICS_INTERVAL_S", "1"),
    ];
    let mut marquee = Marquee::up_with(&variables).await;
    let folder = tempfile::tempdir().unwrap();
    let source = film::lavfi(folder.path(), "traced.mp4", 4, "25", "320x240");
    let told = marquee.upload(&source, &["--wait", "complete"]).await;
    assert!(told.is_ok(), "{told:?}");
    // Ending sends what has not been sent yet.
    assert_eq!(marquee.terminate().await, Some(0));

    let received = collector.received();
    let first = received.spans.iter().find(|span| {
        span.name == "http.request"
            && span.parent_span_id.is_empty()
            && attribute(span, "url.path") == "/api/uploads"
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
        let found = told
            .iter()
            .any(|span| span.name == "transcode.task" && attribute(span, "task.kind") == kind);
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
