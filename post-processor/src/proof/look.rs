//! Looking at everything: what lies somewhere first, rows last. Rows come before what they speak of
//! and go after it, so that nothing is taken for an orphan that was just begun; what just went away
//! is told apart by looking again.

use std::collections::{BTreeMap, BTreeSet};

use platform_blob::{BlobError, Blobs};
use platform_http::{CallError, Client, HOLDINGS_PAGE, HOLDINGS_PATH, Holdings, Service};
use schemas::VideoId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::seen::{Catalogued, Difference, Revision, Root, Seen, Upload};
use crate::edges::{EdgeError, Edges};
use crate::store::{Films, StoreError};

/// What was compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Compared {
    /// Films of the catalogue, deleted ones included.
    pub(crate) films: u64,
    /// Those of them that are being removed: of these nothing is said unless it takes long.
    pub(crate) removing: u64,
    /// Records of uploads.
    pub(crate) uploads: u64,
    /// Revisions that the transcoder knows.
    pub(crate) revisions: u64,
    /// Films that the post-processor knows.
    pub(crate) seeded: u64,
    /// Objects.
    pub(crate) objects: u64,
    /// Bytes of objects.
    pub(crate) bytes: u64,
    /// Multipart uploads.
    pub(crate) multiparts: u64,
    /// Edges that told what they have.
    pub(crate) edges: u64,
    /// Films on them, each as often as it lies on one.
    pub(crate) edge_copies: u64,
    /// Documents of the search index.
    pub(crate) documents: u64,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    pub(crate) films: BTreeMap<VideoId, Seen>,
    /// Keys of objects, in films' folders, that are of no film.
    pub(crate) strays: Vec<String>,
    /// Edges that told what they have.
    pub(crate) edges: BTreeSet<String>,
    /// What could not be looked at, and why.
    pub(crate) unseen: Vec<String>,
    pub(crate) compared: Compared,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    /// A service did not answer.
    #[error("{service} cannot be asked")]
    Call {
        /// Which.
        service: Service,
        /// Why.
        #[source]
        source: CallError,
    },
    /// A service answered something else.
    #[error("{service} answered {status}: are all services of this version?")]
    Refused {
        /// Which.
        service: Service,
        /// What.
        status: reqwest::StatusCode,
    },
    /// The object store did not answer.
    #[error("the objects cannot be listed")]
    Objects(#[from] BlobError),
    /// Our rows cannot be read.
    #[error("the rows of the post-processor cannot be read")]
    Rows(#[from] StoreError),
    /// The edge-provider does not say which edges there are.
    #[error("the edges are not known")]
    Edges(#[from] EdgeError),
}

#[derive(Debug, Deserialize)]
struct Row<T> {
    video_id: String,
    #[serde(flatten)]
    row: T,
}

#[derive(Debug, Deserialize)]
struct Numbered<T> {
    revision: u32,
    #[serde(flatten)]
    row: T,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    documents: u64,
    items: Vec<Row<Difference>>,
    next: Option<String>,
}

/// Which films to look at: all, or some.
pub(crate) type Which<'a> = Option<&'a [VideoId]>;

/// How far a look is: what is looked at, and how much of it was seen.
pub(crate) type Tell<'a> = &'a (dyn Fn(&'static str, u64) + Send + Sync);

/// What is looked through.
pub(crate) struct Eyes<'a> {
    pub(crate) client: &'a Client,
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) edges: &'a Edges,
    pub(crate) films: &'a Films,
    pub(crate) tell: Tell<'a>,
}

impl Eyes<'_> {
    /// Looks at everything, or at everything of some films.
    pub(crate) async fn look(&self, which: Which<'_>) -> Result<Picture, LookError> {
        let mut picture = Picture::default();
        self.objects(which, &mut picture).await?;
        self.multiparts(which, &mut picture).await?;
        self.edges(which, &mut picture).await?;
        self.index(which, &mut picture).await;
        self.rows(which, &mut picture).await?;
        Ok(picture)
    }

    async fn objects(&self, which: Which<'_>, picture: &mut Picture) -> Result<(), LookError> {
        for root in Root::ALL {
            for prefix in prefixes(which, root.prefix()) {
                self.objects_below(root, &prefix, picture).await?;
            }
        }
        Ok(())
    }

    async fn objects_below(
        &self,
        root: Root,
        prefix: &str,
        picture: &mut Picture,
    ) -> Result<(), LookError> {
        let mut cursor = None;
        loop {
            let page = self.blobs.list(prefix, cursor.as_deref()).await?;
            for object in page.objects {
                picture.compared.objects += 1;
                picture.compared.bytes += object.size;
                match root.film(&object.key) {
                    Some((film, path)) => picture.of(film).note(root, path),
                    None => picture.strays.push(object.key),
                }
            }
            (self.tell)("objects", picture.compared.objects);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Looks for multipart uploads. Some stores, MinIO among them, list none but those of one key, so
    /// that they show themselves only where films are named.
    pub(crate) async fn multiparts(
        &self,
        which: Which<'_>,
        picture: &mut Picture,
    ) -> Result<(), LookError> {
        let root = Root::Raw.prefix();
        for prefix in prefixes(which, root) {
            let mut open = self.blobs.list_multiparts(&prefix).await?;
            if which.is_some() {
                let key = format!("{prefix}source");
                open.extend(self.blobs.list_multiparts(&key).await?);
            }
            for one in open {
                let Some((film, _)) = Root::Raw.film(&one.key) else {
                    continue;
                };
                let known = &mut picture.of(film).multiparts;
                if !known.contains(&one) {
                    known.push(one);
                    picture.compared.multiparts += 1;
                }
            }
        }
        Ok(())
    }

    async fn edges(&self, which: Which<'_>, picture: &mut Picture) -> Result<(), LookError> {
        for edge in self.edges.all().await? {
            let films = match self.edges.list(&edge).await {
                Ok(films) => films,
                Err(error) => {
                    picture
                        .unseen
                        .push(format!("edge {edge}: {}", causes(&error)));
                    continue;
                }
            };
            picture.compared.edges += 1;
            for film in films {
                if which.is_none_or(|which| which.contains(&film)) {
                    picture.compared.edge_copies += 1;
                    picture.of(film).edges.insert(edge.clone());
                }
            }
            (self.tell)("edge copies", picture.compared.edge_copies);
            picture.edges.insert(edge);
        }
        Ok(())
    }

    async fn index(&self, which: Which<'_>, picture: &mut Picture) {
        let mut after = Some(String::new());
        while let Some(place) = after {
            let path = format!("/internal/search/differences?after={place}");
            let page: Comparison = match self.ask(Service::Metadata, &path).await {
                Ok(page) => page,
                // Search is of its own: it may be away, and everything else is not.
                Err(error) => {
                    picture
                        .unseen
                        .push(format!("the search index: {}", causes(&error)));
                    return;
                }
            };
            picture.compared.documents += page.documents;
            (self.tell)("documents", picture.compared.documents);
            for difference in page.items {
                let film: Result<VideoId, _> = difference.video_id.parse();
                let film = film.ok();
                let film = film.filter(|film| which.is_none_or(|which| which.contains(film)));
                if let Some(film) = film {
                    picture.of(film).index = Some(difference.row);
                }
            }
            after = page.next;
        }
    }

    async fn rows(&self, which: Which<'_>, picture: &mut Picture) -> Result<(), LookError> {
        let compared = &mut picture.compared;
        let films = &mut picture.films;
        let uploads = self.held(Service::Ingress, which, "uploads", |id, row: Upload| {
            films.entry(id).or_default().uploads.push(row);
        });
        compared.uploads = uploads.await?;
        let insert = |id, row: Numbered<Revision>| {
            let seen: &mut Seen = films.entry(id).or_default();
            seen.revisions.insert(row.revision, row.row);
        };
        let revisions = self.held(Service::Transcoder, which, "revisions", insert);
        compared.revisions = revisions.await?;
        for (id, seeding) in self.films.seeding(which).await? {
            compared.seeded += 1;
            films.entry(id).or_default().seeding = Some(seeding);
        }
        let mut removing = 0;
        let catalogued = self.held(Service::Metadata, which, "films", |id, row: Catalogued| {
            removing += u64::from(row.is_being_removed());
            films.entry(id).or_default().catalogue = Some(row);
        });
        compared.films = catalogued.await?;
        compared.removing = removing;
        Ok(())
    }

    /// Gives `take` all rows of a service; how many there were.
    async fn held<T: DeserializeOwned>(
        &self,
        service: Service,
        which: Which<'_>,
        what: &'static str,
        mut take: impl FnMut(VideoId, T),
    ) -> Result<u64, LookError> {
        let mut count = 0;
        let mut queries = queries(which);
        while let Some(query) = queries.pop() {
            let path = format!("{HOLDINGS_PATH}?{query}");
            let page: Holdings<Row<T>> = self.ask(service, &path).await?;
            for row in page.items {
                if let Ok(id) = row.video_id.parse() {
                    count += 1;
                    take(id, row.row);
                }
            }
            (self.tell)(what, count);
            queries.extend(page.next.map(|next| format!("after={next}")));
        }
        Ok(count)
    }

    async fn ask<T: DeserializeOwned>(&self, service: Service, path: &str) -> Result<T, LookError> {
        let failed = |source| LookError::Call { service, source };
        let answer = self.client.get(service, path, |request| request).await;
        let answer = answer.map_err(failed)?;
        let status = answer.status();
        if !status.is_success() {
            return Err(LookError::Refused { service, status });
        }
        let read = answer.json().await;
        read.map_err(|error| failed(CallError::NoAnswer(error)))
    }
}

impl Picture {
    fn of(&mut self, film: VideoId) -> &mut Seen {
        self.films.entry(film).or_default()
    }
}

fn prefixes(which: Which<'_>, root: &str) -> Vec<String> {
    match which {
        None => vec![root.to_owned()],
        Some(films) => films.iter().map(|film| format!("{root}{film}/")).collect(),
    }
}

fn queries(which: Which<'_>) -> Vec<String> {
    let Some(films) = which else {
        return vec![String::new()];
    };
    let query = |films: &[VideoId]| {
        let films: Vec<&str> = films.iter().map(VideoId::as_str).collect();
        format!("of={}", films.join(","))
    };
    films.chunks(HOLDINGS_PAGE.min(100)).map(query).collect()
}

/// An error with all its causes.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
