//! The indices behind the alias: found, made, replaced.

use std::collections::BTreeMap;

use elasticsearch::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;

use super::schema::{MAPPING_VERSION, MARKER, template};
use super::server::{Answer, Request};
use super::{ElasticIndex, gone};
use crate::search::{SearchError, SearchErrorKind, superseded};

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Generations {
    /// The index that answers.
    pub(super) current: Option<String>,
    /// The index that is being built beside it.
    pub(super) next: Option<String>,
    /// All of ours, by number.
    all: BTreeMap<u32, String>,
}

/// What an index says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Marker {
    /// Unlike that of any other index.
    pub(super) id: String,
    /// The version of its mapping.
    pub(super) mapping: u64,
}

#[derive(Deserialize)]
struct Aliases {
    aliases: BTreeMap<String, Value>,
}

impl ElasticIndex {
    /// Looks at what there is.
    pub(super) async fn generations(&self) -> Result<Generations, SearchError> {
        let request = self.request(Method::Get, format!("{}-*/_alias", self.alias));
        let known: Option<BTreeMap<String, Aliases>> = self.server.send(request).await?.found();
        let mut found = Generations::default();
        for (index, Aliases { aliases }) in known.unwrap_or_default() {
            // Somebody else's names may begin as ours do.
            let Some(number) = self.number(&index) else {
                continue;
            };
            if aliases.contains_key(&self.alias) {
                found.current = Some(index.clone());
            }
            if aliases.contains_key(&self.next_alias()) {
                found.next = Some(index.clone());
            }
            found.all.insert(number, index);
        }
        Ok(found)
    }

    fn number(&self, index: &str) -> Option<u32> {
        let number = index.strip_prefix(&self.alias)?.strip_prefix('-')?;
        number.parse().ok()
    }

    /// What the index called `index` says of itself; nothing when it, or that, is gone.
    pub(super) async fn marker(&self, index: &str) -> Result<Option<Marker>, SearchError> {
        #[derive(Deserialize)]
        struct Stored {
            #[serde(rename = "_source")]
            source: Source,
        }
        #[derive(Deserialize)]
        struct Source {
            marker: Marker,
        }
        let request = self.request(Method::Get, format!("{index}/_doc/{MARKER}"));
        let stored: Option<Stored> = self.server.send(request).await?.found();
        Ok(stored.map(|stored| stored.source.marker))
    }

    /// Puts an empty index in the place of whatever there is.
    pub(super) async fn begin_anew(&self) -> Result<String, SearchError> {
        let before = self.generations().await?;
        let (index, id) = self.create(&before).await?;
        let mut actions = vec![json!({ "add": { "index": index, "alias": self.alias } })];
        actions.extend(before.all.values().map(remove));
        self.change_aliases(actions).await?;
        Ok(id)
    }

    /// Puts an empty index beside the one that answers, in the place of another that was there.
    pub(super) async fn begin_beside(&self) -> Result<String, SearchError> {
        let before = self.generations().await?;
        let (index, id) = self.create(&before).await?;
        // Nobody looks into it before it is whole.
        self.set(&index, json!({ "index.refresh_interval": "-1" }))
            .await?;
        let mut actions = vec![json!({ "add": { "index": index, "alias": self.next_alias() } })];
        let unused = |index: &&String| Some(*index) != before.current.as_ref();
        actions.extend(before.all.values().filter(unused).map(remove));
        self.change_aliases(actions).await?;
        Ok(id)
    }

    /// Lets the index that was begun as `id` answer, and removes the one before.
    pub(super) async fn replace_by(&self, id: &str) -> Result<(), SearchError> {
        let (index, _) = id.split_once('.').ok_or_else(superseded)?;
        let before = self.generations().await?;
        let begun = before.next.as_deref() == Some(index);
        if !begun || self.marker(index).await?.is_none_or(|it| it.id != id) {
            return Err(superseded());
        }
        self.set(index, json!({ "index.refresh_interval": null }))
            .await?;
        let request = self.request(Method::Post, format!("{index}/_refresh"));
        let _: Value = self.server.ask(request).await?;
        let mut actions = vec![
            json!({ "add": { "index": index, "alias": self.alias } }),
            json!({ "remove": {
                "index": index, "alias": self.next_alias(), "must_exist": true,
            }}),
        ];
        if let Some(old) = &before.current {
            actions.push(json!({ "remove": { "index": old, "alias": self.alias } }));
        }
        self.change_aliases(actions).await?;
        // Whoever still looks into the old one either has an answer by then or has given up.
        tokio::time::sleep(self.search_within).await;
        let old = before.all.values().filter(|other| *other != index);
        if let Err(error) = self.change_aliases(old.map(remove).collect()).await {
            let error: &dyn std::error::Error = &error;
            warn!(
                error,
                "the index before could not be removed: the next rebuild does"
            );
        }
        Ok(())
    }

    fn next_alias(&self) -> String {
        format!("{}-next", self.alias)
    }

    async fn set(&self, index: &str, settings: Value) -> Result<(), SearchError> {
        let request = Request {
            body: Some(settings.to_string()),
            ..self.request(Method::Put, format!("{index}/_settings"))
        };
        let _: Value = self.server.ask(request).await?;
        Ok(())
    }

    /// Makes an empty index that nobody uses yet; its name and its id.
    async fn create(&self, before: &Generations) -> Result<(String, String), SearchError> {
        self.put_template().await?;
        let number = before.all.keys().max().map_or(1, |last| last + 1);
        let index = format!("{}-{number:06}", self.alias);
        let request = self.request(Method::Put, index.clone());
        let _: Value = self.server.ask(request).await?;
        let id = format!("{index}.{:032x}", rand::random::<u128>());
        let marker = Marker {
            id: id.clone(),
            mapping: MAPPING_VERSION,
        };
        let request = Request {
            body: Some(json!({ "marker": marker }).to_string()),
            ..self.request(Method::Put, format!("{index}/_doc/{MARKER}"))
        };
        let _: Value = self.server.ask(request).await?;
        Ok((index, id))
    }

    /// Says how indices of ours are made. An older version does not undo what a newer one said.
    async fn put_template(&self) -> Result<(), SearchError> {
        #[derive(Deserialize)]
        struct Templates {
            index_templates: Vec<Named>,
        }
        #[derive(Deserialize)]
        struct Named {
            index_template: Versioned,
        }
        #[derive(Deserialize)]
        struct Versioned {
            #[serde(default)]
            version: u64,
        }
        let path = format!("_index_template/{}", self.alias);
        let request = self.request(Method::Get, path.clone());
        let known: Answer<Templates> = self.server.send(request).await?;
        let versions = known.found().into_iter().flat_map(|it| it.index_templates);
        let version = versions.map(|it| it.index_template.version).max();
        if let Some(theirs) = version.filter(|version| *version > MAPPING_VERSION) {
            let sentence = format!(
                "a newer version made the search index (mapping {theirs}; this one knows \
                 {MAPPING_VERSION}): this one does not build it anew. Upgrade this process"
            );
            return Err(SearchError::new(SearchErrorKind::Unavailable, sentence));
        }
        let request = Request {
            body: Some(template(&self.alias).to_string()),
            ..self.request(Method::Put, path)
        };
        let _: Value = self.server.ask(request).await?;
        Ok(())
    }

    async fn change_aliases(&self, actions: Vec<Value>) -> Result<(), SearchError> {
        if actions.is_empty() {
            return Ok(());
        }
        let request = Request {
            body: Some(json!({ "actions": actions }).to_string()),
            ..self.request(Method::Post, "_aliases")
        };
        let done: Answer<Value> = self.server.send(request).await?;
        done.found().map(drop).ok_or_else(gone)
    }
}

fn remove(index: &String) -> Value {
    json!({ "remove_index": { "index": index } })
}
