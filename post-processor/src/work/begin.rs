//! Bringing an edge what a player needs to begin, then playing it from there.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use media::plan::ObjectRef;

use super::{Outcome, WorkError, Workshop, key};
use crate::domain::part::{Part, beginning, is_optional};
use crate::edges::Place;
use crate::store::Job;

/// Objects on their way at a time.
const AT_ONCE: usize = 4;

/// What an edge was brought, by path below the film.
pub(super) type Brought = HashMap<String, Bytes>;

impl Workshop {
    pub(super) async fn begin(&self, job: &Job) -> Result<Outcome, WorkError> {
        let film = self.films.get(&job.video).await?;
        let made = film.map(|film| film.beginning).unwrap_or_default();
        let objects = beginning(&self.plan(job).await?, &made);
        let place = self
            .edges
            .place(&job.edge, &job.video, Some(job.revision))
            .await?;
        let brought: Brought = stream::iter(objects)
            .map(async |object| {
                let path = object.to_string();
                let bytes = self.bring_one(job, &place, object).await?;
                Ok::<_, WorkError>(bytes.map(|bytes| (path, bytes)))
            })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(async |one| Ok(one))
            .try_collect()
            .await?;
        self.verify(job, &place, &brought).await?;
        Ok(Outcome::Done {
            more: Vec::new(),
            next: Some(Part::Live),
        })
    }

    /// Brings one object from the object store to an edge; what it was, unless there is none.
    pub(super) async fn bring_one(
        &self,
        job: &Job,
        place: &Place,
        object: ObjectRef,
    ) -> Result<Option<Bytes>, WorkError> {
        let key = key(job, &object);
        match self.blobs.get(&key).await {
            Ok(bytes) => {
                self.edges.put(place, &object, bytes.clone()).await?;
                Ok(Some(bytes))
            }
            Err(error) if error.is_not_found() && is_optional(&object) => Ok(None),
            Err(source) => Err(WorkError::Object { key, source }),
        }
    }
}
