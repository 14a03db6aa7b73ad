//! Sending spans and metrics to a collector: OTLP as protobuf over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig as _,
    WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::{Builder, Handle, Runtime};

/// How long one export may take.
const TIMEOUT: Duration = Duration::from_secs(4);

/// An exporter that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The address is not one.
    #[error("the address is refused")]
    Build(#[from] ExporterBuildError),
    /// No HTTP client.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
    /// No thread.
    #[error("the thread that sends cannot be started")]
    Thread(#[from] std::io::Error),
}

/// Providers that send to a collector, from a thread of their own: telemetry works before the
/// program's runtime has started and after it has ended.
pub(crate) struct Export {
    pub(crate) spans: SdkTracerProvider,
    pub(crate) metrics: SdkMeterProvider,
    pub(crate) runtime: Runtime,
}

impl Export {
    pub(crate) fn new(
        endpoint: &str,
        resource: Resource,
        interval: Duration,
    ) -> Result<Self, ExportError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()?;
        let client = Client {
            inner: reqwest::Client::builder()
                .timeout(TIMEOUT)
                .no_proxy()
                .build()?,
            runtime: runtime.handle().clone(),
        };
        let base = endpoint.trim_end_matches('/');
        let span_exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{base}/v1/traces"))
            .with_timeout(TIMEOUT)
            .build()?;
        let metric_exporter = MetricExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{base}/v1/metrics"))
            .with_timeout(TIMEOUT)
            .build()?;
        Ok(Self {
            spans: SdkTracerProvider::builder()
                .with_batch_exporter(span_exporter)
                .with_resource(resource.clone())
                .build(),
            metrics: SdkMeterProvider::builder()
                .with_reader(
                    PeriodicReader::builder(metric_exporter)
                        .with_interval(interval)
                        .build(),
                )
                .with_resource(resource)
                .build(),
            runtime,
        })
    }
}

/// The SDK exports from plain threads, where an asynchronous client has no reactor.
#[derive(Debug, Clone)]
struct Client {
    inner: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.inner.clone();
        self.runtime
            .spawn(async move { client.send_bytes(request).await })
            .await?
    }
}
