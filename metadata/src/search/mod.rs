//! Search, as the catalogue sees it.
//!
//! One seam, [`SearchIndex`], with one conformance suite (`testkit::conformance::search`). What it
//! promises, whatever is behind it:
//!
//! * nobody finds what is not for them, and nothing tells that it is there;
//! * words are found in any case and without their accents, with a typo from four letters on and
//!   two from eight on, and the last one by its beginning, as it is typed;
//! * better text comes first, and of equally good texts the newer one;
//! * paging shows nothing twice;
//! * what [`SearchIndex::apply`] acknowledged is durable and found at once;
//! * an older version of a document never replaces a newer one, also after its removal;
//! * another index can be built beside it and take its place while it answers and is written.
//!
//! Nothing in a text or a query is syntax.

mod breaker;
mod config;
mod elastic;
mod guarded;
mod highlight;
mod rank;
mod tantivy;
mod terms;
mod words;
mod worth;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use self::config::Config;
pub use self::elastic::ElasticIndex;
pub use self::guarded::Guarded;
pub use self::highlight::Segment;
pub use self::tantivy::TantivyIndex;

/// A video as it can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub video_id: String,
    /// Rises with every change.
    pub version: u64,
    /// Whose it is.
    pub owner: String,
    /// Everybody finds it, not its owner alone.
    pub public: bool,
    /// One line.
    pub title: String,
    /// May have several lines.
    pub description: String,
    /// When it went live, or its upload began, in milliseconds since 1970.
    pub published_at_ms: i64,
}

/// A change of the index. Of two changes of one video the one with the higher version counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The video is found by this.
    Put(Document),
    /// The video is not found.
    Remove {
        /// Its id.
        video_id: String,
        /// Rises with every change.
        version: u64,
    },
}

impl Change {
    /// The video that changes.
    pub fn video_id(&self) -> &str {
        match self {
            Self::Put(document) => &document.video_id,
            Self::Remove { video_id, .. } => video_id,
        }
    }

    /// The version that it changes to.
    pub fn version(&self) -> u64 {
        match self {
            Self::Put(document) => document.version,
            Self::Remove { version, .. } => *version,
        }
    }
}

/// Among which videos somebody looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Those that are for everybody.
    Everybody,
    /// All of one owner.
    Owner(String),
}

impl Audience {
    /// What stands for it in documents: each has one or two.
    fn name(&self) -> String {
        match self {
            Self::Everybody => "everybody".to_owned(),
            Self::Owner(owner) => format!("owner:{owner}"),
        }
    }
}

impl Document {
    /// Names of those who find it.
    fn audiences(&self) -> impl Iterator<Item = String> {
        let owner = Audience::Owner(self.owner.clone());
        let everybody = self.public.then_some(Audience::Everybody);
        [Some(owner), everybody]
            .into_iter()
            .flatten()
            .map(|it| it.name())
    }
}

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Among which videos.
    pub audience: Audience,
    /// What they typed, as far as they have typed it.
    pub text: String,
    /// How many videos they want to see.
    pub limit: usize,
    /// [`Page::next`] of the page before.
    pub cursor: Option<String>,
}

/// A video that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub video_id: String,
    /// Its title, cut where words were found in it.
    pub title: Vec<Segment>,
    /// The piece of its description with the first words that were found in it, if any were.
    pub description: Vec<Segment>,
}

/// Some of the videos that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Gives the next page, if there is more.
    pub next: Option<String>,
}

/// What the index has of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub video_id: String,
    /// As it was applied.
    pub version: u64,
    /// Nobody finds it: only its version is remembered.
    pub removed: bool,
}

/// What went wrong, as far as a caller has to tell cases apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SearchErrorKind {
    /// The request can never succeed: a cursor that is none, a configuration with a mistake.
    Invalid,
    /// The server of the index gives no answer, or no good one. What it stores may be well.
    Away,
    /// The same call may succeed later.
    Unavailable,
    /// What is stored cannot be read: only [`SearchIndex::clear`] helps.
    Corrupt,
}

/// Why the index did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SearchError {
    kind: SearchErrorKind,
    message: String,
    retry_after: Option<Duration>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SearchError {
    /// An error without a cause of its own.
    pub fn new(kind: SearchErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
            source: None,
        }
    }

    /// The same error with the cause it came from.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error, of something that is not even tried for so long.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// How long nothing will be tried, where that is the error.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What went wrong.
    pub fn kind(&self) -> SearchErrorKind {
        self.kind
    }
}

/// The index that `config` names. One on another machine may be away: that is noticed later, and
/// does no harm to anything but search.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn SearchIndex>, SearchError> {
    match ElasticIndex::open(config)? {
        Some(remote) => {
            // What takes most of the time that it has is about to fail.
            let slow = Duration::from_millis(config.timeout_ms) * 3 / 4;
            Ok(Arc::new(Guarded::new(remote, slow)))
        }
        None => Ok(Arc::new(TantivyIndex::open(&config.folder).await?)),
    }
}

/// The index that somebody builds is not the one that was begun last.
fn superseded() -> SearchError {
    let sentence = "somebody else began to build the search index anew: this attempt ends";
    SearchError::new(SearchErrorKind::Unavailable, sentence)
}

/// A search index. All of it can be made anew from the catalogue's rows.
#[async_trait]
pub trait SearchIndex: Send + Sync + std::fmt::Debug {
    /// Names this index; it has another name after it began anew.
    async fn id(&self) -> Result<String, SearchError>;

    /// Makes the changes durable and visible. After a failure some of them may be: the same call
    /// again is safe.
    async fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError>;

    /// The best videos for a query.
    async fn search(&self, query: Query) -> Result<Page, SearchError>;

    /// Up to `limit` of the videos that it knows, in the order of their ids behind `after`. One that
    /// was removed may or may not be among them.
    async fn list(&self, after: &str, limit: usize) -> Result<Vec<Listed>, SearchError>;

    /// Begins anew with nothing, whatever state the index is in. Answers with its new name.
    async fn clear(&self) -> Result<String, SearchError>;

    /// Begins an empty index beside this one, which from now on gets what is applied too. One
    /// that was begun before is forgotten. Answers with its name.
    async fn begin_next(&self) -> Result<String, SearchError>;

    /// Writes to the index that was begun as `next` alone. Nobody sees it yet.
    async fn fill(&self, next: &str, changes: Vec<Change>) -> Result<(), SearchError>;

    /// The index that was begun as `next` answers from now on; the one before is gone.
    async fn switch_to(&self, next: &str) -> Result<(), SearchError>;
}
