//! Logs for people, spans and metrics for OTLP.
//!
//! [`init`] is called once, first thing in `main`. Traces are continuous whether or not anyone
//! collects them: ids are made, logged and passed on in W3C `traceparent` headers in any case.
//! Metrics are recorded only when there is a collector.

mod export;
mod guard;
mod human;
mod json;
#[cfg(test)]
mod lines;
pub mod metrics;
mod trace;

use opentelemetry::trace::TracerProvider as _;
use serde::{Deserialize, Serialize};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{
    EnvFilter, FilterExt as _, LevelFilter, ParseError, Targets, filter_fn,
};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

pub use export::ExportError;
pub use guard::Guard;
pub use trace::{current_traceparent, set_parent};

/// How crates of this workspace begin.
const OURS: [&str; 12] = [
    "edge",
    "ingress",
    "marquee",
    "media",
    "metadata",
    "platform",
    "post_processor",
    "proxy",
    "schemas",
    "system_tests",
    "testkit",
    "transcoder",
];

/// What is logged and where spans and metrics go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to log, as in `info` or `warn,ingress=debug`. Empty: what an operator should know.
    pub log: String,
    /// How log lines look.
    pub format: LogFormat,
    /// Base address of an OTLP collector that speaks HTTP, as in `http://127.0.0.1:4318`. Empty:
    /// that in `OTEL_EXPORTER_OTLP_ENDPOINT`, or none.
    pub otlp_endpoint: String,
    /// Name of the service in traces and metrics.
    pub service_name: String,
    /// Seconds between exports of metrics.
    pub metrics_interval_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: String::new(),
            format: LogFormat::Human,
            otlp_endpoint: String::new(),
            service_name: "marquee".to_owned(),
            metrics_interval_s: 15,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

/// Telemetry that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter cannot be read.
    #[error("the log filter {filter:?} is wrong: write it like `info` or `warn,ingress=debug`")]
    Filter {
        /// What was configured.
        filter: String,
        /// Why.
        #[source]
        source: ParseError,
    },
    /// The exporter cannot be built.
    #[error("telemetry cannot be sent to {endpoint}: write the address like http://127.0.0.1:4318")]
    Export {
        /// What was configured.
        endpoint: String,
        /// Why.
        #[source]
        source: ExportError,
    },
    /// There is a subscriber already.
    #[error("telemetry was started twice")]
    Twice(#[source] TryInitError),
}

/// Starts logging, tracing and, when a collector is configured, export. The guard sends what is
/// left when it is shut down or dropped: keep it until the end of `main`.
pub fn init(config: &Config) -> Result<Guard, InitError> {
    let lines = lines_filter(&config.log)?.and(filter_fn(|line| may_be_logged(line.target())));
    let endpoint = endpoint(config);
    let guard = match &endpoint {
        Some(endpoint) => {
            Guard::exporting(config, endpoint).map_err(|source| InitError::Export {
                endpoint: endpoint.clone(),
                source,
            })?
        }
        None => Guard::silent(config),
    };
    let spans = tracing_opentelemetry::layer()
        .with_tracer(guard.tracer_provider().tracer("marquee"))
        .with_filter(ours(LevelFilter::INFO));
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let stderr = match config.format {
        LogFormat::Human => {
            let stderr = stderr.fmt_fields(human::Context).event_format(human::Line);
            stderr.with_filter(lines).boxed()
        }
        LogFormat::Json => {
            let stderr = stderr.fmt_fields(JsonFields::new());
            stderr.event_format(json::Line).with_filter(lines).boxed()
        }
    };
    tracing_subscriber::registry()
        .with(spans)
        .with(stderr)
        .try_init()
        .map_err(InitError::Twice)?;
    guard.publish_metrics();
    Ok(guard)
}

/// An error and its causes, which say more than it does.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push_str(": ");
        chain.push_str(&error.to_string());
        cause = error.source();
    }
    chain
}

fn endpoint(config: &Config) -> Option<String> {
    if config.otlp_endpoint.is_empty() {
        platform_core::config::external("OTEL_EXPORTER_OTLP_ENDPOINT")
    } else {
        Some(config.otlp_endpoint.clone())
    }
}

fn lines_filter(filter: &str) -> Result<EnvFilter, InitError> {
    let quiet = OURS.map(|name| format!("{name}=info")).join(",");
    let text = if filter.is_empty() {
        format!("warn,{quiet}")
    } else {
        filter.to_owned()
    };
    EnvFilter::try_new(&text).map_err(|source| InitError::Filter {
        filter: text,
        source,
    })
}

/// Whatever is asked for, nothing of s3s: it tells requests with their signatures, and which signature
/// would have been right, by which anybody who reads the log could do what was refused. Besides, it calls
/// every refused request an error, a missing object too; whoever asked tells.
fn may_be_logged(target: &str) -> bool {
    target.split("::").next() != Some("s3s")
}

/// Only what this workspace says: libraries make spans of no interest by the thousand.
fn ours(level: LevelFilter) -> Targets {
    Targets::new().with_targets(OURS.map(|name| (name, level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_filter_says_so() {
        let error = lines_filter("ingress=loud").unwrap_err();
        assert!(error.to_string().contains("ingress=loud"), "{error}");
    }

    #[test]
    fn signatures_are_never_logged() {
        for (target, may) in [
            ("s3s", false),
            ("s3s::service", false),
            ("s3s::ops::signature", false),
            ("platform_objects::s3", true),
            ("s3server", true),
        ] {
            assert_eq!(may_be_logged(target), may, "{target}");
        }
    }

    #[test]
    fn the_default_is_quiet_about_libraries() {
        let text = lines_filter("").unwrap().to_string();
        assert!(
            text.contains("warn") && text.contains("platform=info"),
            "{text}"
        );
    }
}
