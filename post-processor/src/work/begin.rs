//! Bringing an edge what a player needs to begin, then playing it from there.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use media::plan::ObjectRef;

use super::{Outcome, WorkError, Workshop, key};
use crate::domain::part::{Part, beginning, is_optional};
use crate::edges::Place;
use crate::store::Job;

/// Objects on their way at a time.
const AT_ONCE: usize = 4;

impl Workshop {
    pub(super) async fn begin(&self, job: &Job) -> Result<Outcome, WorkError> {
        let film = self.films.get(&job.video).await?;
        let made = film.map(|film| film.beginning).unwrap_or_default();
        let objects = beginning(&self.plan(job).await?, &made);
        let place = self
            .edges
            .place(&job.edge, &job.video, Some(job.revision))
            .await?;
        stream::iter(objects)
            .map(|object| self.bring_one(job, &place, object))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        self.verify(job, &place).await?;
        Ok(Outcome::Done {
            more: Vec::new(),
            next: Some(Part::Live),
        })
    }

    /// Brings one object from the object store to an edge.
    pub(super) async fn bring_one(
        &self,
        job: &Job,
        place: &Place,
        object: ObjectRef,
    ) -> Result<(), WorkError> {
        let key = key(job, &object);
        match self.blobs.get(&key).await {
            Ok(bytes) => Ok(self.edges.put(place, &object, bytes).await?),
            Err(error) if error.is_not_found() && is_optional(&object) => Ok(()),
            Err(source) => Err(WorkError::Object { key, source }),
        }
    }
}
