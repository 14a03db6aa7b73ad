//! The search index on a cluster: Elasticsearch.
//!
//! Readers and writers know one name, an alias. Behind it is one index, numbered, which can be
//! replaced by another without either noticing. One document in it names the index: when that is
//! gone, somebody deleted or emptied the index, and it has to be made anew from the rows.

mod bulk;
mod generations;
mod list;
mod query;
mod schema;
mod server;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use elasticsearch::http::Method;
use serde::Deserialize;
use tracing::warn;

use super::config::{Config, Remote};
use super::highlight::{fragment, whole};
use super::rank::Rank;
use super::terms::Terms;
use super::{
    Change, Hit, Listed, Page, Query, SearchError, SearchErrorKind, SearchIndex, superseded,
};
use generations::Marker;
use schema::MAPPING_VERSION;
use server::{Request, Server};

/// How often to look whether another process has made the index, and how soon again.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(100);

/// The search index in an Elasticsearch. Any number of processes write it.
#[derive(Debug)]
pub struct ElasticIndex {
    server: Server,
    /// What readers and writers call the index.
    alias: String,
    search_within: Duration,
    write_within: Duration,
    /// The log was told that the index is of a newer version.
    told: AtomicBool,
}

impl ElasticIndex {
    /// The index in the Elasticsearch that `config` names, if it names one. Nothing is asked of
    /// it yet: it may be away.
    pub fn open(config: &Config) -> Result<Option<Self>, SearchError> {
        let remote = config.remote()?;
        remote.as_ref().map(Self::of).transpose()
    }

    fn of(remote: &Remote) -> Result<Self, SearchError> {
        let alias = format!("{}-videos", remote.index_prefix);
        let rights = format!(
            "`manage_index_templates` on the cluster and `all` on the indices {alias} and {alias}-*"
        );
        Ok(Self {
            server: Server::new(remote, rights)?,
            alias,
            search_within: remote.search_within,
            write_within: remote.write_within,
            told: AtomicBool::new(false),
        })
    }

    fn request<'a>(&self, method: Method, path: impl Into<String>) -> Request<'a> {
        Request {
            method,
            path: path.into(),
            query: &[],
            body: None,
            within: self.write_within,
        }
    }

    /// What the index says of itself, unless it has to be made anew.
    async fn usable_marker(&self) -> Result<Option<Marker>, SearchError> {
        let marker = self.marker(&self.alias).await?;
        Ok(marker.filter(|marker| marker.mapping >= MAPPING_VERSION))
    }

    /// The id of an index that another process makes at this moment, which is why it cannot be made
    /// here.
    async fn made_by_another(&self) -> Option<String> {
        for _ in 0..LOOKS {
            if let Ok(Some(marker)) = self.usable_marker().await {
                return Some(marker.id);
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }

    async fn find(&self, body: String) -> Result<Option<Found>, SearchError> {
        let filter = "hits.hits._id,hits.hits.sort,hits.hits._source,timed_out";
        let query = [
            ("allow_partial_search_results", "false"),
            ("filter_path", filter),
        ];
        let answer = self.server.send(Request {
            query: &query,
            body: Some(body),
            within: self.search_within,
            ..self.request(Method::Post, format!("{}/_search", self.alias))
        });
        answer.await.map(server::Answer::found)
    }
}

#[async_trait]
impl SearchIndex for ElasticIndex {
    async fn id(&self) -> Result<String, SearchError> {
        match self.usable_marker().await? {
            Some(marker) => {
                if marker.mapping > MAPPING_VERSION && !self.told.swap(true, Ordering::Relaxed) {
                    warn!(
                        theirs = marker.mapping,
                        ours = MAPPING_VERSION,
                        "the search index was made by a newer version: this one goes on writing \
                         to it; upgrade this process"
                    );
                }
                Ok(marker.id)
            }
            // It is gone, empty, or of an older version.
            None => match self.clear().await {
                Err(error) if error.kind() == SearchErrorKind::Unavailable => {
                    self.made_by_another().await.ok_or(error)
                }
                made => made,
            },
        }
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
        let generations = self.generations().await?;
        let current = generations.current.as_deref().ok_or_else(gone)?;
        // The next one first: what can be found goes on being found when that takes over.
        if let Some(next) = &generations.next {
            self.write(next, &changes, "true").await?;
        }
        self.write(current, &changes, "true").await
    }

    async fn search(&self, query: Query) -> Result<Page, SearchError> {
        let after = query.cursor.as_deref().map(Rank::parse).transpose()?;
        let terms = Terms::of(&query.text);
        if terms.is_empty() || query.limit == 0 {
            return Ok(Page::default());
        }
        let size = query.limit.saturating_add(1);
        let body = query::request(
            &terms,
            &query.audience,
            size,
            after.as_ref(),
            self.search_within,
        );
        let body = body.to_string();
        // The index behind the alias may have been replaced while it was being asked.
        let found = match self.find(body.clone()).await? {
            Some(found) => found,
            None => self.find(body).await?.ok_or_else(gone)?,
        };
        if found.timed_out {
            let sentence = "Elasticsearch took too long for a search";
            return Err(SearchError::new(SearchErrorKind::Away, sentence));
        }
        let mut hits = found.hits.hits;
        let more = hits.len() > query.limit;
        hits.truncate(query.limit);
        let next = hits.last().filter(|_| more).map(|last| {
            let (score, published_at_ms, tie) = last.sort;
            Rank::new(score, published_at_ms, tie).to_string()
        });
        let hits = hits.into_iter().map(|found| found.shown(&terms)).collect();
        Ok(Page { hits, next })
    }

    async fn list(&self, after: &str, limit: usize) -> Result<Vec<Listed>, SearchError> {
        self.listed(after, limit).await
    }

    async fn clear(&self) -> Result<String, SearchError> {
        self.begin_anew().await
    }

    async fn begin_next(&self) -> Result<String, SearchError> {
        self.begin_beside().await
    }

    async fn fill(&self, next: &str, changes: Vec<Change>) -> Result<(), SearchError> {
        let (index, _) = next.split_once('.').ok_or_else(superseded)?;
        self.write(index, &changes, "false").await
    }

    async fn switch_to(&self, next: &str) -> Result<(), SearchError> {
        self.replace_by(next).await
    }
}

/// An answer of `_search`.
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(default)]
    timed_out: bool,
    #[serde(default)]
    hits: Hits,
}

#[derive(Debug, Default, Deserialize)]
struct Hits {
    #[serde(default)]
    hits: Vec<FoundVideo>,
}

#[derive(Debug, Deserialize)]
struct FoundVideo {
    #[serde(rename = "_id")]
    id: String,
    sort: (f32, i64, u64),
    #[serde(rename = "_source")]
    source: Source,
}

#[derive(Debug, Deserialize)]
struct Source {
    title: String,
    description: String,
}

impl FoundVideo {
    fn shown(self, terms: &Terms) -> Hit {
        Hit {
            title: whole(&self.source.title, terms),
            description: fragment(&self.source.description, terms),
            video_id: self.id,
        }
    }
}

/// The index is not there: [`SearchIndex::id`] makes it.
fn gone() -> SearchError {
    let sentence = "the search index is gone from Elasticsearch: it is built anew";
    SearchError::new(SearchErrorKind::Unavailable, sentence)
}
