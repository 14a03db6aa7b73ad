//! The request that finds words: bounded, of plain terms, no part of it in a user's hands.

use std::time::Duration;

use serde_json::{Value, json};

use super::schema::{
    AUDIENCE, DESCRIPTION, LONGEST_BEGINNING, LONGEST_WORD, TITLE, WHOLE_TITLE, beginnings,
};
use crate::search::Audience;
use crate::search::rank::Rank;
use crate::search::terms::{Term, Terms};
use crate::search::worth::{IN_DESCRIPTION, IN_TITLE, PHRASE, WHOLE_TITLE as WHOLE, Worth};

/// The search for `terms`, of which there is at least one, among the videos of `audience`: `size`
/// of them behind `after`.
pub(super) fn request(
    terms: &Terms,
    audience: &Audience,
    size: usize,
    after: Option<&Rank>,
    within: Duration,
) -> Value {
    let mut request = json!({
        "query": query(terms, audience),
        "size": size,
        "sort": [
            { "_score": "desc" },
            { "published_at_ms": "desc" },
            { "tie": "desc" },
        ],
        "_source": ["title", "description"],
        "track_total_hits": false,
        "timeout": format!("{}ms", within.as_millis()),
    });
    if let (Some(after), Some(request)) = (after, request.as_object_mut()) {
        let place = json!([after.score(), after.published_at_ms, after.tie]);
        request.insert("search_after".to_owned(), place);
    }
    request
}

fn query(terms: &Terms, audience: &Audience) -> Value {
    let words: Vec<Value> = terms.iter().map(word).collect();
    let text: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
    let text = text.join(" ");
    let mut better = vec![worth(&json!({ "term": { WHOLE_TITLE: text } }), WHOLE)];
    if terms.len() > 1 {
        better.push(worth(&json!({ "match_phrase": { TITLE: text } }), PHRASE));
    }
    json!({ "bool": {
        "must": { "bool": { "should": words, "minimum_should_match": terms.required() } },
        "filter": { "term": { AUDIENCE: audience.name() } },
        "should": better,
    }})
}

fn word(term: &Term) -> Value {
    let mut ways = Vec::new();
    add_ways(&mut ways, TITLE, term, &IN_TITLE);
    add_ways(&mut ways, DESCRIPTION, term, &IN_DESCRIPTION);
    json!({ "dis_max": { "queries": ways } })
}

fn add_ways(ways: &mut Vec<Value>, field: &str, term: &Term, by: &Worth) {
    let text = term.text.as_str();
    let exactly = |field: &str| json!({ "term": { field: text } });
    // Without this way of rewriting only some of the words with a typo would be looked for.
    let nearly = |field: &str| {
        json!({ "fuzzy": { field: {
            "value": text, "fuzziness": term.typos, "rewrite": "constant_score",
        }}})
    };
    let beginnings = beginnings(field);
    let letters = text.chars().count();
    let has_beginnings = letters <= LONGEST_BEGINNING;
    ways.push(worth(&exactly(field), by.exact));
    if term.unfinished && has_beginnings {
        ways.push(worth(&exactly(&beginnings), by.beginning));
    } else if term.unfinished && letters <= LONGEST_WORD {
        let beginning = json!({ "prefix": { field: { "value": text } } });
        ways.push(worth(&beginning, by.beginning));
    }
    if term.typos > 0 {
        ways.push(worth(&nearly(field), by.typo));
    }
    if term.typos > 0 && term.unfinished && has_beginnings {
        ways.push(worth(&nearly(&beginnings), by.beginning_with_typo));
    }
}

fn worth(query: &Value, worth: f32) -> Value {
    json!({ "constant_score": { "filter": query, "boost": worth } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Queries that look at something, anywhere in `value`.
    fn leaves(value: &Value) -> usize {
        match value {
            Value::Object(fields) => {
                let leaf = |name: &String| {
                    ["term", "fuzzy", "prefix", "match_phrase"].contains(&name.as_str())
                };
                let here = fields.keys().filter(|name| leaf(name)).count();
                here + fields.values().map(leaves).sum::<usize>()
            }
            Value::Array(items) => items.iter().map(leaves).sum(),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_request_is_bounded(text in "(?s).{0,400}") {
            let terms = Terms::of(&text);
            prop_assume!(!terms.is_empty());
            let request = request(&terms, &Audience::Everybody, 10, None, Duration::from_secs(1));
            prop_assert!(leaves(&request) <= 12 * 8 + 3);
            let words: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
            prop_assert!(words.iter().all(|word| !word.contains(char::is_whitespace)));
        }
    }
}
