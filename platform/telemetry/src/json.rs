//! Log lines for programs: one JSON object each, with the keys that `tracing-subscriber` gives them.
//! Unlike there, errors come with their causes.

use std::error::Error;
use std::fmt::{self, Debug};

use platform_core::{Clock as _, SystemClock, clock::rfc3339};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::with_causes;

/// How a line is written.
#[derive(Debug)]
pub(crate) struct Line;

#[derive(Serialize)]
struct Written<'a> {
    timestamp: String,
    level: &'a str,
    fields: Map<String, Value>,
    target: &'a str,
    /// The innermost.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<&'a Map<String, Value>>,
    /// From the outermost on.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    spans: &'a [Map<String, Value>],
}

impl<S> FormatEvent<S, JsonFields> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let scope = context.event_scope().into_iter();
        let spans = scope.flat_map(Scope::from_root).map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields = fields.and_then(|fields| serde_json::from_str(&fields.fields).ok());
            let mut fields: Map<String, Value> = fields.unwrap_or_default();
            fields.insert("name".to_owned(), span.name().into());
            fields
        });
        let spans: Vec<_> = spans.collect();
        let written = Written {
            timestamp: rfc3339(SystemClock.now_ms()),
            level: event.metadata().level().as_str(),
            fields: fields.0,
            target: event.metadata().target(),
            span: spans.last(),
            spans: &spans,
        };
        let line = serde_json::to_string(&written).map_err(|_unwritable| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// An event's fields.
#[derive(Debug, Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, with_causes(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing::{info_span, warn};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::lines::Lines;

    #[derive(Debug, thiserror::Error)]
    #[error("no answer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn an_error_comes_with_its_causes_and_spans_with_their_fields() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(Line)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let _outer = info_span!("request", id = "r1").entered();
            let _inner = info_span!("work", part = 2).entered();
            let error = Outer(io::Error::other("\"broken\" pipe"));
            let error: &(dyn Error + 'static) = &error;
            warn!(error, attempt = 3, "again");
        });
        let line: Value = serde_json::from_str(&lines.text()).unwrap();
        let fields = serde_json::json!({
            "message": "again", "attempt": 3, "error": "no answer: \"broken\" pipe",
        });
        assert_eq!((&line["fields"], &line["level"]), (&fields, &"WARN".into()));
        assert_eq!(
            line["span"],
            serde_json::json!({ "name": "work", "part": 2 })
        );
        assert_eq!(line["spans"][0]["id"], "r1");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}
