//! The embedded search index: Tantivy on a local folder.

mod folder;
mod list;
mod query;
mod schema;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ::tantivy::collector::sort_key::{SortBySimilarityScore, SortByStaticFastValue};
use ::tantivy::collector::{DocSetCollector, TopDocs};
use ::tantivy::query::TermQuery;
use ::tantivy::schema::{IndexRecordOption, Value as _};
use ::tantivy::{DocAddress, IndexReader, Score, Searcher, TantivyDocument, TantivyError, Term};
use async_trait::async_trait;

use super::highlight::{fragment, whole};
use super::rank::Rank;
use super::terms::Terms;
use super::{
    Change, Hit, Listed, Page, Query, SearchError, SearchErrorKind, SearchIndex, superseded,
};
use folder::{Opened, create_beside, open_or_create, recreate, replace, tidy};
use schema::Fields;

/// Nobody turns more pages than this many videos take.
const DEEPEST: usize = 1000;

/// The embedded search index. One process at a time writes it.
#[derive(Debug, Clone)]
pub struct TantivyIndex {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    fields: Fields,
    reader: RwLock<IndexReader>,
    writing: Mutex<Opened>,
    /// The index that is being built beside it. Whoever takes both takes the other first.
    next: Mutex<Option<Opened>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl TantivyIndex {
    /// Opens the index in `folder`. One that is missing, damaged or of another version is begun
    /// anew, which its [id](SearchIndex::id) tells.
    pub async fn open(folder: &Path) -> Result<Self, SearchError> {
        let folder = folder.to_owned();
        blocking(move || {
            let opened = open_or_create(&folder)?;
            tidy(&folder)?;
            let inner = Inner {
                folder,
                fields: Fields::new(),
                reader: RwLock::new(opened.reader.clone()),
                writing: Mutex::new(opened),
                next: Mutex::default(),
            };
            Ok(Self {
                inner: Arc::new(inner),
            })
        })
        .await
    }
}

#[async_trait]
impl SearchIndex for TantivyIndex {
    async fn id(&self) -> Result<String, SearchError> {
        Ok(self.inner.writing().id.clone())
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.apply(changes)).await
    }

    async fn search(&self, query: Query) -> Result<Page, SearchError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.search(&query)).await
    }

    async fn list(&self, after: &str, limit: usize) -> Result<Vec<Listed>, SearchError> {
        let (inner, after) = (Arc::clone(&self.inner), after.to_owned());
        blocking(move || {
            let id = inner.fields.video_id;
            list::list(&inner.searcher(), id, &after, limit).map_err(broken)
        })
        .await
    }

    async fn clear(&self) -> Result<String, SearchError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.clear()).await
    }

    async fn begin_next(&self) -> Result<String, SearchError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.begin_next()).await
    }

    async fn fill(&self, next: &str, changes: Vec<Change>) -> Result<(), SearchError> {
        let (inner, next) = (Arc::clone(&self.inner), next.to_owned());
        blocking(move || inner.fill(&next, changes)).await
    }

    async fn switch_to(&self, next: &str) -> Result<(), SearchError> {
        let (inner, next) = (Arc::clone(&self.inner), next.to_owned());
        blocking(move || inner.switch_to(&next)).await
    }
}

/// Tantivy blocks, and panics on data it cannot read.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| {
            let message = "the search index cannot be read";
            Err(SearchError::new(SearchErrorKind::Corrupt, message).with_source(panic))
        })
}

impl Inner {
    fn writing(&self) -> std::sync::MutexGuard<'_, Opened> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn searcher(&self) -> Searcher {
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner);
        reader.searcher()
    }

    fn next(&self) -> std::sync::MutexGuard<'_, Option<Opened>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, changes: Vec<Change>) -> Result<(), SearchError> {
        let newest = newest(changes);
        let mut writing = self.writing();
        self.write(&mut writing, &newest)?;
        match self.next().as_mut() {
            Some(next) => self.write(next, &newest),
            None => Ok(()),
        }
    }

    fn begin_next(&self) -> Result<String, SearchError> {
        let mut next = self.next();
        // Lets go of the folder, if there is one.
        *next = None;
        let begun = next.insert(create_beside(&self.folder)?);
        Ok(begun.id.clone())
    }

    fn fill(&self, next: &str, changes: Vec<Change>) -> Result<(), SearchError> {
        let mut begun = self.next();
        let opened = begun.as_mut().filter(|opened| opened.id == next);
        self.write(opened.ok_or_else(superseded)?, &newest(changes))
    }

    fn switch_to(&self, next: &str) -> Result<(), SearchError> {
        let mut writing = self.writing();
        let opened = self.next().take_if(|opened| opened.id == next);
        let replaced = replace(&self.folder, &mut writing, opened.ok_or_else(superseded)?);
        self.read(&writing);
        replaced
    }

    /// Searches look into `opened` from now on.
    fn read(&self, opened: &Opened) {
        let mut reader = self.reader.write().unwrap_or_else(PoisonError::into_inner);
        *reader = opened.reader.clone();
    }

    fn write(&self, to: &mut Opened, changes: &[Change]) -> Result<(), SearchError> {
        let written = self.try_write(to, changes);
        if written.is_err() {
            // Nothing of the failed batch may be in the next one.
            to.writer.rollback().map_err(broken)?;
        }
        written
    }

    fn try_write(&self, writing: &mut Opened, changes: &[Change]) -> Result<(), SearchError> {
        let searcher = writing.reader.searcher();
        for change in changes {
            let id = Term::from_field_text(self.fields.video_id, change.video_id());
            if version_of(&searcher, &id)? >= Some(change.version()) {
                continue;
            }
            writing.writer.delete_term(id);
            let document = match change {
                Change::Put(document) => self.fields.document(document),
                // Remembers the version, so that an older one does not come back.
                Change::Remove { video_id, version } => self.fields.tombstone(video_id, *version),
            };
            writing.writer.add_document(document).map_err(broken)?;
        }
        writing.commit().map_err(broken)?;
        writing.reader.reload().map_err(broken)
    }

    fn search(&self, query: &Query) -> Result<Page, SearchError> {
        let after = query.cursor.as_deref().map(Rank::parse).transpose()?;
        let terms = Terms::of(&query.text);
        if terms.is_empty() || query.limit == 0 {
            return Ok(Page::default());
        }
        let depth = match after {
            Some(_) => DEEPEST,
            None => query.limit.saturating_add(1).min(DEEPEST),
        };
        let order = (
            SortBySimilarityScore,
            SortByStaticFastValue::<i64>::for_field(schema::PUBLISHED),
            SortByStaticFastValue::<u64>::for_field(schema::TIE),
        );
        let searcher = self.searcher();
        let found = searcher
            .search(
                &query::build(&self.fields, &terms, &query.audience),
                &TopDocs::with_limit(depth).order_by(order),
            )
            .map_err(broken)?;
        let mut rest = found
            .into_iter()
            .map(|(rank, address)| (rank_of(rank), address))
            .filter(|(rank, _)| after.as_ref().is_none_or(|after| rank < after));
        let page: Vec<(Rank, DocAddress)> = rest.by_ref().take(query.limit).collect();
        let next = rest
            .next()
            .and(page.last())
            .map(|(rank, _)| rank.to_string());
        let hits = page
            .into_iter()
            .map(|(_, address)| self.hit(&searcher, address, &terms))
            .collect::<Result<_, _>>()?;
        Ok(Page { hits, next })
    }

    fn hit(
        &self,
        searcher: &Searcher,
        address: DocAddress,
        terms: &Terms,
    ) -> Result<Hit, SearchError> {
        let document: TantivyDocument = searcher.doc(address).map_err(broken)?;
        let text = |field| {
            let value = document.get_first(field);
            value.and_then(|value| value.as_str()).unwrap_or_default()
        };
        Ok(Hit {
            video_id: text(self.fields.video_id).to_owned(),
            title: whole(text(self.fields.title), terms),
            description: fragment(text(self.fields.description), terms),
        })
    }

    fn clear(&self) -> Result<String, SearchError> {
        let mut writing = self.writing();
        *self.next() = None;
        recreate(&self.folder, &mut writing)?;
        self.read(&writing);
        Ok(writing.id.clone())
    }
}

/// Of each video the change that counts.
fn newest(changes: Vec<Change>) -> Vec<Change> {
    let mut newest: HashMap<String, Change> = HashMap::new();
    for change in changes {
        let known = newest.get(change.video_id()).map(Change::version);
        if known.is_none_or(|version| version < change.version()) {
            newest.insert(change.video_id().to_owned(), change);
        }
    }
    newest.into_values().collect()
}

/// The version that the index has of a document.
fn version_of(searcher: &Searcher, id: &Term) -> Result<Option<u64>, SearchError> {
    let query = TermQuery::new(id.clone(), IndexRecordOption::Basic);
    let found = searcher.search(&query, &DocSetCollector).map_err(broken)?;
    let mut newest = None;
    for DocAddress {
        segment_ord,
        doc_id,
    } in found
    {
        let columns = searcher.segment_reader(segment_ord).fast_fields();
        let column = columns.u64(schema::VERSION).map_err(broken)?;
        newest = newest.max(column.first(doc_id));
    }
    Ok(newest)
}

fn rank_of((score, published, tie): (Score, Option<i64>, Option<u64>)) -> Rank {
    Rank::new(
        score,
        published.unwrap_or_default(),
        tie.unwrap_or_default(),
    )
}

/// What a failure of Tantivy means to us.
fn broken(error: TantivyError) -> SearchError {
    let kind = match &error {
        TantivyError::LockFailure(..) | TantivyError::IoError(_) | TantivyError::SystemError(_) => {
            SearchErrorKind::Unavailable
        }
        _ => SearchErrorKind::Corrupt,
    };
    let message = match kind {
        SearchErrorKind::Corrupt => "the search index is damaged",
        _ => "the search index cannot be used at the moment",
    };
    SearchError::new(kind, message).with_source(error)
}
