//! Changes on their way into an index.

use elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::json;

use super::schema::document;
use super::server::{Reason, Request};
use super::{ElasticIndex, gone};
use crate::search::{Change, SearchError, SearchErrorKind};

/// An answer of `_bulk`, in the order of what was sent.
#[derive(Debug, Deserialize)]
struct Outcome {
    errors: bool,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    index: Written,
}

#[derive(Debug, Deserialize)]
struct Written {
    status: u16,
    #[serde(default)]
    error: Option<Reason>,
}

impl ElasticIndex {
    /// Makes changes durable in the index called `index`. `refresh` says when they are visible.
    pub(super) async fn write(
        &self,
        index: &str,
        changes: &[Change],
        refresh: &str,
    ) -> Result<(), SearchError> {
        if changes.is_empty() {
            return Ok(());
        }
        let request = Request {
            query: &[
                ("refresh", refresh),
                ("filter_path", "errors,items.*.status,items.*.error"),
            ],
            body: Some(lines(changes)),
            ..self.request(Method::Post, format!("{index}/_bulk"))
        };
        let outcome: Outcome = self.server.ask(request).await?;
        if !outcome.errors {
            return Ok(());
        }
        outcome
            .items
            .into_iter()
            .try_for_each(|item| judge(item.index))
    }
}

/// The changes as `_bulk` takes them. Elasticsearch keeps the highest version of each video.
fn lines(changes: &[Change]) -> String {
    let mut lines = String::new();
    for change in changes {
        let action = json!({ "index": {
            "_id": change.video_id(),
            "version": change.version(),
            "version_type": "external",
        }});
        for line in [action, document(change)] {
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    }
    lines
}

fn judge(written: Written) -> Result<(), SearchError> {
    let reason = written.error.unwrap_or_default();
    let failed = |kind, what: &str| Err(SearchError::new(kind, format!("{what} ({reason})")));
    match written.status {
        // 409: it has this version, or a newer one.
        200..=299 | 409 => Ok(()),
        404 => Err(gone()),
        400 => failed(
            SearchErrorKind::Corrupt,
            "the search index in Elasticsearch is not as it was made: it refuses a video",
        ),
        _ => failed(
            SearchErrorKind::Away,
            "Elasticsearch cannot write at the moment",
        ),
    }
}
