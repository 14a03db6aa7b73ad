//! The plan becomes law.

use media::Plan;
use media::plan::SubtitleTrack;
use platform_bus::Topic;
use platform_db::Tx;
use schemas::v1::event::Payload;
use schemas::v1::{Chapter, Rendition, Subtitles, VideoPlanned};

use super::{Claim, Store, StoreError};
use crate::domain::{FilmState, Track, planned};

/// What a plan says to everyone, beside the plan itself.
#[derive(Debug, Clone)]
pub(crate) struct PlanFacts {
    /// The plan as it lies in the object store.
    pub(crate) json: String,
    /// The renditions as the manifests announce them.
    pub(crate) renditions: Vec<Rendition>,
}

impl Store {
    /// Ends the plan task: keeps the plan, adds the film's tasks, tells everyone.
    pub(crate) async fn record_plan(
        &self,
        claim: &Claim,
        plan: &Plan,
        facts: PlanFacts,
    ) -> Result<(), StoreError> {
        let segments_total = plan.segment_total();
        let facts = &facts;
        self.db
            .write(|mut tx| async move {
                self.end_task(&mut tx, claim).await?;
                let lowest_first: Option<i64> = sqlx::query_scalar(
                    "UPDATE transcoder_video SET state = $1, plan = $2, segments_total = $3
                 WHERE video_id = $4 AND revision = $5 AND state = $6
                 RETURNING lowest_first",
                )
                .bind(FilmState::Planned.as_str())
                .bind(facts.json.as_str())
                .bind(i64::try_from(segments_total).unwrap_or(i64::MAX))
                .bind(claim.film.video.as_str())
                .bind(i64::from(claim.film.revision))
                .bind(FilmState::Uploaded.as_str())
                .fetch_optional(tx.conn())
                .await?;
                let lowest_first = lowest_first.ok_or(StoreError::Stale)? != 0;
                self.add_tracks(&mut tx, claim, plan).await?;
                let tasks = planned(plan, lowest_first);
                self.add_tasks(&mut tx, &claim.film, &tasks).await?;
                let size = plan.largest();
                let event = VideoPlanned {
                    video_id: claim.film.video.to_string(),
                    revision: claim.film.revision,
                    duration_ms: u64::try_from(plan.duration().0 / 1000).unwrap_or(0),
                    width: size.map_or(0, |size| size.width),
                    height: size.map_or(0, |size| size.height),
                    renditions: facts.renditions.clone(),
                    segments_total: u32::try_from(segments_total).unwrap_or(u32::MAX),
                    chapters: plan.chapters.iter().map(chapter).collect(),
                    subtitles: plan.subtitles.iter().map(subtitles).collect(),
                };
                self.tell(
                    &mut tx,
                    Topic::TranscodeProgress,
                    claim,
                    Payload::VideoPlanned(event),
                )
                .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    async fn add_tracks(&self, tx: &mut Tx, claim: &Claim, plan: &Plan) -> Result<(), StoreError> {
        let video = plan
            .rungs
            .iter()
            .map(|rung| Track::Video(rung.name.clone()));
        let audio = plan.track_numbers().map(Track::Audio);
        let hover = (!plan.rungs.is_empty()).then_some(Track::Hover);
        for track in video.chain(audio).chain(hover) {
            sqlx::query(
                "INSERT INTO transcoder_track (video_id, revision, track, ready)
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(claim.film.video.as_str())
            .bind(i64::from(claim.film.revision))
            .bind(track.to_string())
            .bind(Vec::new())
            .execute(tx.conn())
            .await?;
        }
        Ok(())
    }

    /// Ends a task that is done. [`StoreError::Stale`] when it is not ours: the transaction must
    /// not commit then.
    pub(super) async fn end_task(&self, tx: &mut Tx, claim: &Claim) -> Result<(), StoreError> {
        let ended = sqlx::query(
            "DELETE FROM transcoder_task WHERE task_id = $1 AND fence = $2 AND state = 'running'",
        )
        .bind(claim.id.as_str())
        .bind(claim.fence)
        .execute(tx.conn())
        .await?;
        if ended.rows_affected() == 1 {
            Ok(())
        } else {
            Err(StoreError::Stale)
        }
    }
}

fn chapter(chapter: &media::probe::Chapter) -> Chapter {
    Chapter {
        start_ms: u64::try_from(chapter.start.0 / 1000).unwrap_or(0),
        title: chapter.title.clone(),
    }
}

fn subtitles(track: &SubtitleTrack) -> Subtitles {
    Subtitles {
        language: track.language.clone().unwrap_or_default(),
        title: track.title.clone(),
        supported: track.name.is_some(),
    }
}
