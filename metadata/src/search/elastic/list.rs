//! What the index has, in the order of ids.

use elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::server::Request;
use super::{ElasticIndex, gone};
use crate::search::{Listed, SearchError};

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(default)]
    hits: Hits,
}

#[derive(Debug, Default, Deserialize)]
struct Hits {
    #[serde(default)]
    hits: Vec<Document>,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_version")]
    version: u64,
    #[serde(rename = "_source", default)]
    source: Source,
}

#[derive(Debug, Default, Deserialize)]
struct Source {
    published_at_ms: Option<i64>,
}

impl ElasticIndex {
    pub(super) async fn listed(
        &self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Listed>, SearchError> {
        let body = request(after, limit).to_string();
        let request = Request {
            query: &[
                ("allow_partial_search_results", "false"),
                (
                    "filter_path",
                    "hits.hits._id,hits.hits._version,hits.hits._source",
                ),
            ],
            body: Some(body),
            ..self.request(Method::Post, format!("{}/_search", self.alias))
        };
        let found: Option<Found> = self.server.send(request).await?.found();
        let found = found.ok_or_else(gone)?.hits.hits;
        let listed = found.into_iter().map(|document| Listed {
            video_id: document.id,
            version: document.version,
            // One that was removed has left its id alone.
            removed: document.source.published_at_ms.is_none(),
        });
        Ok(listed.collect())
    }
}

/// The document that names the index has no id of a video.
fn request(after: &str, limit: usize) -> Value {
    let mut request = json!({
        "query": { "exists": { "field": "video_id" } },
        "sort": [{ "video_id": "asc" }],
        "size": limit,
        "version": true,
        "_source": ["published_at_ms"],
        "track_total_hits": false,
    });
    if let (false, Some(request)) = (after.is_empty(), request.as_object_mut()) {
        request.insert("search_after".to_owned(), json!([after]));
    }
    request
}
