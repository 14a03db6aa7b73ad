//! A player waits for something.

use media::plan::{ObjectRef, SegmentRef};

use super::recording::ready_tracks;
use super::{Store, StoreError};
use crate::domain::{FilmKey, FilmState, NewTask, Priority, Track, bulk_after, wanted};

impl Store {
    /// Puts what a player waits for before everything else, and what it will want next before the
    /// rest of its kind. However often it is asked for, it is one task. Whether there was anything
    /// to do.
    pub(crate) async fn want(&self, key: &FilmKey, object: &ObjectRef) -> Result<bool, StoreError> {
        let Some(segment) = segment_for(object) else {
            return Ok(false);
        };
        let segment = &segment;
        self.db
            .write(|mut tx| async move {
                let Some(film) = self.film_in(&mut tx, key).await? else {
                    return Ok(false);
                };
                let Some(plan) = film.plan.filter(|_| film.state == FilmState::Planned) else {
                    return Ok(false);
                };
                if !plan.contains(object) {
                    return Ok(false);
                }
                let ready = ready_tracks(tx.conn(), key).await?;
                let exists = |task: &NewTask| {
                    let n = task.work.segments().start;
                    let has = |track: &Track| ready.get(track).is_some_and(|set| set.contains(n));
                    task.work.tracks().iter().all(has)
                };
                let mut tasks = wanted(&plan, segment);
                tasks.retain(|task| !exists(task));
                if tasks.is_empty() {
                    return Ok(false);
                }
                self.add_tasks(&mut tx, key, &tasks).await?;
                let ahead = bulk_after(&plan, segment.number());
                sqlx::query(
                    "UPDATE transcoder_task SET priority = $1
                 WHERE video_id = $2 AND revision = $3 AND priority > $1 AND state <> 'failed'
                    AND first_segment < $4 AND first_segment + segment_count > $5",
                )
                .bind(Priority::Ahead.rank())
                .bind(key.video.as_str())
                .bind(i64::from(key.revision))
                .bind(i64::from(ahead.end))
                .bind(i64::from(ahead.start))
                .execute(tx.conn())
                .await?;
                tx.commit().await?;
                Ok(true)
            })
            .await
    }

    /// What is still to be done for a film.
    #[cfg(test)]
    pub(crate) async fn open_tasks(
        &self,
        key: &FilmKey,
    ) -> Result<Vec<crate::domain::Work>, StoreError> {
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT kind, tracks, first_segment, segment_count FROM transcoder_task
             WHERE video_id = $1 AND revision = $2 AND state <> 'failed'
             ORDER BY priority, first_segment, kind",
        )
        .bind(key.video.as_str())
        .bind(i64::from(key.revision))
        .fetch_all(self.db.reader())
        .await?;
        rows.into_iter()
            .map(|(kind, tracks, first, number)| {
                let first = super::count(first);
                crate::domain::Work::parse(&kind, &tracks, first..first + super::count(number))
                    .map_err(|error| StoreError::corrupt(key, error))
            })
            .collect()
    }
}

/// The segment whose encode brings `object` about; init segments and pictures come with the first.
fn segment_for(object: &ObjectRef) -> Option<SegmentRef> {
    match object {
        ObjectRef::Segment(segment) => Some(segment.clone()),
        ObjectRef::VideoInit(rung) => Some(SegmentRef::Video {
            rung: rung.clone(),
            n: 0,
        }),
        ObjectRef::AudioInit(track) => Some(SegmentRef::Audio {
            track: *track,
            n: 0,
        }),
        _ => None,
    }
}
