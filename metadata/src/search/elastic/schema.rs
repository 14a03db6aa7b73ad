//! What the index looks like: its template, and documents in it.
//!
//! Words are split and folded by [`crate::search::words`], as on every engine, so that what is
//! found is what is shown as found. Elasticsearch's own analyzers fold once more, which changes
//! nothing, but serves whoever else looks into the index.

use serde_json::{Value, json};

use crate::search::rank::tie;
use crate::search::words::joined;
use crate::search::{Change, Document};

/// Rises when the mapping changes. Documents of an older version have to be welcome in a newer
/// mapping, since processes of two versions may run side by side.
pub(super) const MAPPING_VERSION: u64 = 2;

/// The document that names the index.
pub(super) const MARKER: &str = "marquee";

/// Letters of a word's beginning that are indexed.
pub(super) const LONGEST_BEGINNING: usize = 20;

/// Letters after which the tokenizer cuts a word, so that no longer one is found.
pub(super) const LONGEST_WORD: usize = 255;

pub(super) const AUDIENCE: &str = "audience";
pub(super) const TITLE: &str = "words.title";
pub(super) const DESCRIPTION: &str = "words.description";
pub(super) const WHOLE_TITLE: &str = "words.whole_title";

/// The field of the beginnings of the words of `field`.
pub(super) fn beginnings(field: &str) -> String {
    format!("{field}.beginning")
}

/// The index template for indices called `alias` and something.
pub(super) fn template(alias: &str) -> Value {
    json!({
        "index_patterns": [alias, format!("{alias}-*")],
        "priority": 500,
        "version": MAPPING_VERSION,
        // Who writes to an index that is gone must not make one without a mapping.
        "allow_auto_create": false,
        "template": { "settings": settings(), "mappings": mappings() },
    })
}

fn settings() -> Value {
    let words = ["lowercase", "asciifolding"];
    let beginnings = ["lowercase", "asciifolding", "marquee_beginning"];
    json!({
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "analysis": {
            "filter": {
                "marquee_beginning": {
                    "type": "edge_ngram", "min_gram": 1, "max_gram": LONGEST_BEGINNING,
                },
            },
            "analyzer": {
                "marquee_words": {
                    "type": "custom", "tokenizer": "whitespace", "filter": words,
                },
                "marquee_beginnings": {
                    "type": "custom", "tokenizer": "whitespace", "filter": beginnings,
                },
            },
        },
    })
}

fn mappings() -> Value {
    let words = |options: &str| {
        json!({
            "type": "text", "analyzer": "marquee_words", "norms": false, "index_options": options,
            "fields": { "beginning": {
                "type": "text", "norms": false, "index_options": "docs",
                "analyzer": "marquee_beginnings", "search_analyzer": "marquee_words",
            }},
        })
    };
    let shown = json!({ "type": "text", "index": false });
    json!({
        "dynamic": "strict",
        "properties": {
            "marker": { "type": "object", "enabled": false },
            "video_id": { "type": "keyword" },
            AUDIENCE: { "type": "keyword", "doc_values": false },
            "published_at_ms": { "type": "long" },
            "tie": { "type": "long", "index": false },
            "title": shown,
            "description": shown,
            "words": { "properties": {
                "title": words("positions"),
                "whole_title": { "type": "keyword", "doc_values": false, "ignore_above": 4000 },
                "description": words("docs"),
            }},
        },
    })
}

/// What the index has of a video. One that was removed leaves its id, which remembers the version
/// so that an older one does not come back.
pub(super) fn document(change: &Change) -> Value {
    let Change::Put(document) = change else {
        return json!({ "video_id": change.video_id() });
    };
    let audience: Vec<String> = document.audiences().collect();
    let Document {
        video_id,
        title,
        description,
        published_at_ms,
        ..
    } = document;
    json!({
        "video_id": video_id,
        AUDIENCE: audience,
        "published_at_ms": published_at_ms,
        "tie": tie(video_id),
        "title": title,
        "description": description,
        "words": {
            "title": joined(title),
            "whole_title": joined(title),
            "description": joined(description),
        },
    })
}
