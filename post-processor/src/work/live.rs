//! Going live: once, when the film plays from an edge and its uploader's wish is met.

use media::plan::{ObjectRef, SegmentRef};
use schemas::NewEvent;
use schemas::v1::{VideoLive, event::Payload};

use super::{Outcome, WorkError, Workshop, key};
use crate::domain::part::Part;
use crate::domain::policy::{Verdict, verdict};
use crate::store::{Claim, Job};

/// News hastens this work; should it get lost, this is how late it is.
const NEWS_AFTER_MS: i64 = 60_000;

/// How often to count segments.
const COUNT_AFTER_MS: i64 = 2_000;

impl Workshop {
    pub(super) async fn live(&self, claim: &Claim) -> Result<Outcome, WorkError> {
        let job = &claim.job;
        let later = |after_ms, progress| Outcome::Later { after_ms, progress };
        let edges = self.tasks.edges_done(job, &Part::Begin).await?;
        let film = self.films.get(&job.video).await?;
        let Some(film) = film.filter(|film| !film.deleted) else {
            return Ok(Outcome::DONE);
        };
        if edges.is_empty() {
            return Ok(later(NEWS_AFTER_MS, claim.progress));
        }
        match verdict(film.policy, film.transcoded >= job.revision) {
            Verdict::Go => {}
            Verdict::Wait => return Ok(later(NEWS_AFTER_MS, claim.progress)),
            Verdict::Count => {
                let plan = self.plan(job).await?;
                let complete = self.lowest_rung(job, &plan, claim.progress).await?;
                if complete < plan.grid.segment_count {
                    return Ok(later(COUNT_AFTER_MS, complete));
                }
            }
        }
        let told = VideoLive {
            video_id: job.video.to_string(),
            revision: job.revision,
            edges,
        };
        let event = NewEvent::new(film.owner, Payload::VideoLive(told))
            .stamp(self.clock.now_ms(), &mut rand::rng());
        let due_ms = self.clock.now_ms().saturating_add(self.keep_replaced_ms);
        let retire = Job {
            part: Part::Retire,
            ..job.clone()
        };
        let retire = (job.revision > 1).then_some((&retire, due_ms));
        let went = self
            .films
            .go_live(&job.video, job.revision, &event, retire)
            .await?;
        if went {
            tracing::info!(video = %job.video, revision = job.revision, "live");
        }
        Ok(Outcome::DONE)
    }

    /// How many segments from the beginning exist of the lowest rung and of the sound played with
    /// it, of which `known` are known to.
    async fn lowest_rung(
        &self,
        job: &Job,
        plan: &media::Plan,
        known: u32,
    ) -> Result<u32, WorkError> {
        let rung = plan.rungs.first().map(|rung| rung.name.clone());
        let track = plan.track_numbers().next();
        for n in known..plan.grid.segment_count {
            let video = rung.clone().map(|rung| SegmentRef::Video { rung, n });
            let audio = track.map(|track| SegmentRef::Audio { track, n });
            for segment in [video, audio].into_iter().flatten() {
                let key = key(job, &ObjectRef::Segment(segment));
                match self.blobs.head(&key).await {
                    Ok(_) => {}
                    Err(error) if error.is_not_found() => return Ok(n),
                    Err(source) => return Err(WorkError::Object { key, source }),
                }
            }
        }
        Ok(plan.grid.segment_count)
    }
}
