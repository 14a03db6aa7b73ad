//! What must be shut down at the end.

use std::sync::mpsc;
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Runtime;

use crate::export::{Export, ExportError};
use crate::{Config, metrics};

/// How long the end of the program waits for the collector.
const FLUSH: Duration = Duration::from_secs(5);

/// Sends what is left when dropped, in bounded time.
#[derive(Debug)]
pub struct Guard {
    spans: SdkTracerProvider,
    sender: Option<Sender>,
}

#[derive(Debug)]
struct Sender {
    metrics: SdkMeterProvider,
    runtime: Runtime,
}

impl Guard {
    /// Makes trace ids and sends nothing.
    pub(crate) fn silent(config: &Config) -> Self {
        Self {
            spans: SdkTracerProvider::builder()
                .with_resource(resource(config))
                .build(),
            sender: None,
        }
    }

    /// Sends to the collector at `endpoint`.
    pub(crate) fn exporting(config: &Config, endpoint: &str) -> Result<Self, ExportError> {
        let interval = Duration::from_secs(config.metrics_interval_s.max(1));
        let export = Export::new(endpoint, resource(config), interval)?;
        Ok(Self {
            spans: export.spans,
            sender: Some(Sender {
                metrics: export.metrics,
                runtime: export.runtime,
            }),
        })
    }

    pub(crate) fn tracer_provider(&self) -> &SdkTracerProvider {
        &self.spans
    }

    /// Lets the functions of [`metrics`] record.
    pub(crate) fn publish_metrics(&self) {
        if let Some(sender) = &self.sender {
            metrics::install(&sender.metrics.meter("marquee"));
        }
    }

    /// Sends what is left. Waits five seconds at most.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(sender) = self.sender.take() else {
            return;
        };
        let (done, is_done) = mpsc::channel();
        let spans = self.spans.clone();
        std::thread::spawn(move || {
            // Telemetry that cannot be delivered is lost; there is nobody left to tell.
            spans.shutdown_with_timeout(FLUSH).unwrap_or_default();
            sender.metrics.shutdown().unwrap_or_default();
            sender.runtime.shutdown_background();
            done.send(()).unwrap_or_default();
        });
        is_done.recv_timeout(FLUSH).unwrap_or_default();
    }
}

fn resource(config: &Config) -> Resource {
    Resource::builder()
        .with_service_name(config.service_name.clone())
        .build()
}
