//! Encoding: make what is missing of a rectangle, store it, record it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::plan::ObjectRef;
use media::{Plan, images};
use platform_telemetry::metrics;
use tokio::time::Instant;
use tracing::{Instrument as _, info, info_span};

use super::{Failure, Job, Output};
use crate::domain::{Bitmap, Track, missing};
use crate::encode::{Image, ImageKind, ImageWish, SegmentBytes};
use crate::store::Made;
use crate::studio::Shot;

impl Job<'_> {
    /// Encodes what is missing of these segments of these rungs.
    pub(super) async fn video(
        &self,
        rungs: &[String],
        segments: Range<u32>,
    ) -> Result<(), Failure> {
        let plan = self.plan_of_film()?;
        let Some(shot) = self.shot(&plan, rungs, segments).await? else {
            return self.record(&plan, &[], &[]).await;
        };
        let started = Instant::now();
        let (rungs, lasts) = (shot.rungs.len(), span(&plan, &shot.segments));
        let made = self
            .shop
            .studio
            .video(&self.order, &plan, shot)
            .instrument(info_span!("transcode.encode"))
            .await?;
        let film = lasts.saturating_mul(u32::try_from(rungs).unwrap_or(1));
        measure("video", film, started);
        let mut inits = Vec::new();
        let mut outputs = Vec::new();
        for rung in made.rungs {
            let track = Track::Video(rung.rung.clone());
            inits.push((ObjectRef::VideoInit(rung.rung), rung.init));
            outputs.extend(outputs_of(&track, rung.segments));
        }
        let (poster, hover) = sorted(made.images);
        outputs.extend(hover);
        let mut also: Vec<_> = inits.iter().map(|(object, _)| object.clone()).collect();
        // Segments follow the init that they are played with: one that differs refuses them.
        self.shelf.put_inits(inits).await?;
        let (made, poster) =
            tokio::try_join!(self.shelf.put_all(outputs), self.shelf.put_poster(poster))?;
        also.extend(poster);
        self.record(&plan, &made, &also).await
    }

    /// Encodes what is missing of these segments of a sound track.
    pub(super) async fn audio(&self, track: u32, segments: Range<u32>) -> Result<(), Failure> {
        let plan = self.plan_of_film()?;
        let ready = self.shop.store.ready(&self.claim.film).await?;
        let name = Track::Audio(track);
        let Some((_, segments)) = missing(&ready, std::slice::from_ref(&name), segments) else {
            return self.record(&plan, &[], &[]).await;
        };
        let started = Instant::now();
        let lasts = span(&plan, &segments);
        let made = self
            .shop
            .studio
            .audio(&self.order, &plan, track, segments)
            .instrument(info_span!("transcode.encode"))
            .await?;
        measure("audio", lasts, started);
        let init = ObjectRef::AudioInit(track);
        self.shelf.put_init(init.clone(), made.init).await?;
        let outputs = outputs_of(&name, made.segments).collect();
        let made = self.shelf.put_all(outputs).await?;
        self.record(&plan, &made, &[init]).await
    }

    fn plan_of_film(&self) -> Result<Arc<Plan>, Failure> {
        // A film that failed or was deleted has no tasks: this one is gone too.
        let plan = self.film.plan.clone().ok_or(Failure::Stale)?;
        Ok(Arc::new(plan))
    }

    /// What is to be encoded; `None` when everything is there.
    async fn shot(
        &self,
        plan: &Plan,
        rungs: &[String],
        segments: Range<u32>,
    ) -> Result<Option<Shot>, Failure> {
        let ready = self.shop.store.ready(&self.claim.film).await?;
        let lowest = plan.rungs.first().map(|rung| &rung.name);
        let starts_film = segments.start == 0 && rungs.first() == lowest;
        let images = ImageWish {
            poster: starts_film && !self.shelf.has(&ObjectRef::Poster).await?,
            hover: hover_of(plan, rungs, &segments, ready.get(&Track::Hover)),
        };
        let tracks: Vec<Track> = rungs.iter().cloned().map(Track::Video).collect();
        let gap = missing(&ready, &tracks, segments);
        Ok(shot(plan, gap, images))
    }

    async fn record(&self, plan: &Plan, made: &[Made], also: &[ObjectRef]) -> Result<(), Failure> {
        let outcome = self.shop.store.record(self.claim, plan, made, also).await?;
        if outcome.playable {
            let waited = self
                .shop
                .clock
                .now_ms()
                .saturating_sub(self.film.created_ms);
            let waited = Duration::from_millis(u64::try_from(waited).unwrap_or(0));
            metrics::first_frame(waited.as_secs_f64());
            info!(video = %self.film.key.video, after = ?waited, "playable");
        }
        Ok(())
    }
}

/// The poster, and the hover pictures, which are outputs like segments.
fn sorted(pictures: Vec<Image>) -> (Option<Bytes>, Vec<Output>) {
    let (mut poster, mut hover) = (None, Vec::new());
    for Image { kind, bytes } in pictures {
        match kind {
            ImageKind::Poster => poster = Some(bytes),
            ImageKind::Hover(n) => hover.push(Output {
                track: Track::Hover,
                n,
                bytes,
            }),
        }
    }
    (poster, hover)
}

fn outputs_of(track: &Track, segments: Vec<SegmentBytes>) -> impl Iterator<Item = Output> {
    segments.into_iter().map(|segment| Output {
        track: track.clone(),
        n: segment.index,
        bytes: segment.bytes,
    })
}

/// The hover picture that a task takes: a bulk task takes that of its chunk.
fn hover_of(
    plan: &Plan,
    rungs: &[String],
    segments: &Range<u32>,
    ready: Option<&Bitmap>,
) -> Vec<u32> {
    let chunk = plan.grid.chunk_of(segments.start);
    let is_bulk = rungs.len() == plan.rungs.len() && plan.grid.chunk(chunk) == *segments;
    let wished = is_bulk && !ready.is_some_and(|set| set.contains(chunk));
    wished.then_some(chunk).into_iter().collect()
}

/// The smallest rectangle that fills the gap and shows the frames of the pictures.
fn shot(plan: &Plan, gap: Option<(Vec<Track>, Range<u32>)>, images: ImageWish) -> Option<Shot> {
    let shown = images
        .hover
        .iter()
        .filter_map(|n| images::hover_image(&plan.grid, *n))
        .map(|image| plan.grid.segment_at(image.time));
    let shown: Vec<u32> = shown.chain(images.poster.then_some(0)).collect();
    let (mut rungs, mut segments) = if let Some((tracks, segments)) = gap {
        (tracks.into_iter().filter_map(rung).collect(), segments)
    } else {
        let first = *shown.first()?;
        (Vec::new(), first..first + 1)
    };
    for n in shown {
        segments = segments.start.min(n)..segments.end.max(n + 1);
    }
    if rungs.is_empty() {
        rungs.push(plan.rungs.first()?.name.clone());
    }
    Some(Shot {
        rungs,
        segments,
        images,
    })
}

fn rung(track: Track) -> Option<String> {
    match track {
        Track::Video(rung) => Some(rung),
        Track::Audio(_) | Track::Hover => None,
    }
}

fn span(plan: &Plan, segments: &Range<u32>) -> Duration {
    let grid = &plan.grid;
    (grid.boundary_time(segments.end) - grid.boundary_time(segments.start)).to_duration()
}

fn measure(kind: &str, film: Duration, started: Instant) {
    let took = started.elapsed().as_secs_f64().max(0.001);
    metrics::encode_speed(kind, film.as_secs_f64() / took);
}
