//! Log lines for people: time, level, message and fields, and of the spans around only whose
//! request and which film it was. JSON lines have the rest.

use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use platform_core::{Clock as _, SystemClock, clock::rfc3339};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::with_causes;

/// Fields of spans that lines show, and how they call them.
const SHOWN: [(&str, &str); 4] = [
    ("request.id", "request"),
    ("upload", "upload"),
    ("video", "video"),
    ("video.id", "video"),
];

/// Characters of a value that are shown.
const LONGEST: usize = 400;

/// How a line is written.
#[derive(Debug)]
pub(crate) struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let time = rfc3339(SystemClock.now_ms());
        let level = event.metadata().level();
        write!(writer, "{time} {level:<5} {}{}", parts.message, parts.pairs)?;
        let mut shown = parts.pairs;
        let spans = context.event_scope().into_iter().flatten();
        for span in spans {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let pairs = fields.map_or("", |fields| fields.fields.as_str());
            for pair in pairs.split_whitespace() {
                // The event, or a span within, may have said so.
                if !shown.split_whitespace().any(|said| said == pair) {
                    write!(writer, " {pair}")?;
                    write!(shown, " {pair}")?;
                }
            }
        }
        writeln!(writer)
    }
}

/// What is kept of a span's fields for the lines within it.
#[derive(Debug)]
pub(crate) struct Context;

impl<'writer> FormatFields<'writer> for Context {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut shown = Shown::default();
        fields.record(&mut shown);
        writer.write_str(&shown.0)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

#[derive(Debug, Default)]
struct Shown(String);

impl Visit for Shown {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut all = SHOWN.iter();
        if let Some((_, name)) = all.find(|(name, _)| *name == field.name()) {
            push(&mut self.0, name, &format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// An event's message, and its other fields as ` name=value`.
#[derive(Debug, Default)]
struct Parts {
    message: String,
    pairs: String,
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = plain(value);
        } else {
            push(&mut self.pairs, field.name(), value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_str(field, &with_causes(value));
    }
}

fn push(pairs: &mut String, name: &str, value: &str) {
    let value = plain(value);
    let value = if value.is_empty() || value.contains(' ') {
        format!("\"{value}\"")
    } else {
        value
    };
    for text in [" ", name, "=", value.as_str()] {
        pairs.push_str(text);
    }
}

/// `text` on one line, and nothing in it that a terminal obeys.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len().min(LONGEST));
    for (n, c) in text.chars().enumerate() {
        if n == LONGEST {
            plain.push('…');
            break;
        }
        if c.is_control() {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing::{info, info_span};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::lines::Lines;

    /// What is written, without the times.
    fn written(log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(Context)
            .event_format(Line)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let text = lines.text();
        let lines = text.lines().map(|line| line.split_once("Z ").unwrap().1);
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_line_names_the_request_and_the_film_once_and_nothing_else_of_its_spans() {
        let text = written(|| {
            let request = info_span!("a", request.id = "r1", url.path = "/long", status = 0);
            let _request = request.enter();
            request.record("status", 200);
            let _film = info_span!("b", video.id = %"v1", offset = 7).entered();
            info!(files = 3, reason = "two words", "done");
            info!(video = "v1", "named");
        });
        let expected = "INFO  done files=3 reason=\"two words\" video=v1 request=r1\n\
                        INFO  named video=v1 request=r1";
        assert_eq!(text, expected);
    }

    #[test]
    fn an_error_tells_its_causes_on_one_short_line() {
        let text = written(|| {
            let error = io::Error::other("broken\npipe \u{1b}[2J");
            let error: &(dyn Error + 'static) = &error;
            info!(error, "{}", "x".repeat(LONGEST + 1));
        });
        let message = "x".repeat(LONGEST);
        let error = r#"error="broken\npipe \u{1b}[2J""#;
        assert_eq!(text, format!("INFO  {message}… {error}"));
    }
}
