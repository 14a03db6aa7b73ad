//! Outputs that exist are recorded; what follows from them is told exactly once.

use std::collections::{BTreeMap, BTreeSet};

use media::hls::{Bandwidth, Measured};
use media::plan::ObjectRef;
use media::{Micros, Plan};
use platform_bus::Topic;
use platform_db::Tx;
use schemas::v1::event::Payload;
use schemas::v1::{ChunkEncoded, Rendition, VideoPlayable, VideoTranscoded};
use sqlx::{AnyConnection, Row as _};

use super::{Claim, Store, StoreError, count};
use crate::domain::{Bitmap, Film, FilmKey, FilmState, NewTask, Priority, Track, Work};

/// An output that lies in the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Of which track.
    pub(crate) track: Track,
    /// Its number.
    pub(crate) n: u32,
    /// Its size.
    pub(crate) bytes: u64,
}

/// What a recording changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Segments that had not been recorded before.
    pub(crate) fresh: u32,
    /// The film's beginning exists, since now.
    pub(crate) playable: bool,
    /// All planned segments exist and no task is left, since now.
    pub(crate) complete: bool,
}

/// How far a film is, within a transaction.
struct Progress {
    playable: bool,
    done: i64,
    total: i64,
}

impl Store {
    /// Ends a task whose outputs `made`, and `also` (init segments, pictures), lie in the object
    /// store. What was recorded before counts once.
    pub(crate) async fn record(
        &self,
        claim: &Claim,
        plan: &Plan,
        made: &[Made],
        also: &[ObjectRef],
    ) -> Result<Outcome, StoreError> {
        self.db
            .write(|mut tx| async move {
                self.end_task(&mut tx, claim).await?;
                let mut progress = lock(&mut tx, &claim.film).await?;
                let fresh = mark(&mut tx, &claim.film, plan, made).await?;
                progress.done += i64::from(fresh);
                let playable = !progress.playable && starts(&mut tx, &claim.film, plan).await?;
                advance(&mut tx, &claim.film, &progress, playable).await?;
                if fresh > 0 {
                    let paths = also.iter().cloned();
                    let paths = paths.chain(made.iter().map(|made| made.track.object(made.n)));
                    let event = ChunkEncoded {
                        video_id: claim.film.video.to_string(),
                        revision: claim.film.revision,
                        paths: paths.map(|object| object.to_string()).collect(),
                        segments_done: count(progress.done),
                        segments_total: count(progress.total),
                    };
                    let payload = Payload::ChunkEncoded(event);
                    self.tell(&mut tx, Topic::TranscodeProgress, claim, payload)
                        .await?;
                }
                if playable {
                    let event = VideoPlayable {
                        video_id: claim.film.video.to_string(),
                        revision: claim.film.revision,
                        paths: beginning(plan),
                    };
                    let payload = Payload::VideoPlayable(event);
                    self.tell(&mut tx, Topic::PostTranscode, claim, payload)
                        .await?;
                }
                let complete = self
                    .finish_if_complete(&mut tx, &claim.film, &progress)
                    .await?;
                tx.commit().await?;
                Ok(Outcome {
                    fresh,
                    playable,
                    complete,
                })
            })
            .await
    }

    /// Adds the task that finishes the film once nothing else is left to do. It is a task, and not
    /// part of this transaction, because manifests are written anew.
    async fn finish_if_complete(
        &self,
        tx: &mut Tx,
        key: &FilmKey,
        progress: &Progress,
    ) -> Result<bool, StoreError> {
        if progress.done < progress.total {
            return Ok(false);
        }
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM transcoder_task
             WHERE video_id = $1 AND revision = $2 AND state <> 'failed'",
        )
        .bind(key.video.as_str())
        .bind(i64::from(key.revision))
        .fetch_one(tx.conn())
        .await?;
        if open > 0 {
            return Ok(false);
        }
        let finish = NewTask {
            work: Work::Finish,
            priority: Priority::First,
        };
        self.add_tasks(tx, key, &[finish]).await?;
        Ok(true)
    }

    /// What was measured of the segments that exist.
    pub(crate) async fn measured(&self, film: &Film) -> Result<Measured, StoreError> {
        let mut measured = Measured::default();
        let Some(plan) = &film.plan else {
            return Ok(measured);
        };
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT track, bytes, peak_bps FROM transcoder_track
             WHERE video_id = $1 AND revision = $2",
        )
        .bind(film.key.video.as_str())
        .bind(i64::from(film.key.revision))
        .fetch_all(self.db.reader())
        .await?;
        for (name, bytes, peak) in rows {
            let average = bits_per_second(u64::try_from(bytes).unwrap_or(0), plan.duration());
            let bandwidth = Bandwidth {
                peak: u64::try_from(peak).unwrap_or(0).max(average),
                average,
            };
            match name.parse() {
                Ok(Track::Video(rung)) => drop(measured.video.insert(rung, bandwidth)),
                Ok(Track::Audio(track)) => drop(measured.audio.insert(track, bandwidth)),
                Ok(Track::Hover) => {}
                Err(error) => return Err(StoreError::corrupt(format!("track {name}"), error)),
            }
        }
        Ok(measured)
    }

    /// Ends the finish task: the film is complete.
    pub(crate) async fn record_finished(
        &self,
        claim: &Claim,
        plan: &Plan,
        renditions: Vec<Rendition>,
    ) -> Result<(), StoreError> {
        let renditions = &renditions;
        self.db
            .write(|mut tx| async move {
                self.end_task(&mut tx, claim).await?;
                let moved = sqlx::query(
                    "UPDATE transcoder_video SET state = $1
                 WHERE video_id = $2 AND revision = $3 AND state = $4",
                )
                .bind(FilmState::Transcoded.as_str())
                .bind(claim.film.video.as_str())
                .bind(i64::from(claim.film.revision))
                .bind(FilmState::Planned.as_str())
                .execute(tx.conn())
                .await?;
                if moved.rows_affected() == 0 {
                    return Err(StoreError::Stale);
                }
                let hover = ready(&mut tx, &claim.film, &Track::Hover).await?;
                let event = VideoTranscoded {
                    video_id: claim.film.video.to_string(),
                    revision: claim.film.revision,
                    renditions: renditions.clone(),
                    hover_images: hover
                        .runs(plan.grid.chunk_count())
                        .first()
                        .filter(|run| run.start == 0)
                        .map_or(0, |run| run.end),
                };
                let payload = Payload::VideoTranscoded(event);
                self.tell(&mut tx, Topic::PostTranscode, claim, payload)
                    .await?;
                tx.commit().await?;
                Ok(())
            })
            .await
    }

    /// What exists of a film, by track.
    pub(crate) async fn ready(&self, key: &FilmKey) -> Result<BTreeMap<Track, Bitmap>, StoreError> {
        let mut reader = self.db.reader().acquire().await?;
        ready_tracks(&mut reader, key).await
    }
}

/// What exists of a film, by track.
pub(super) async fn ready_tracks(
    conn: &mut AnyConnection,
    key: &FilmKey,
) -> Result<BTreeMap<Track, Bitmap>, StoreError> {
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "SELECT track, ready FROM transcoder_track WHERE video_id = $1 AND revision = $2",
    )
    .bind(key.video.as_str())
    .bind(i64::from(key.revision))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(name, bytes)| match name.parse() {
            Ok(track) => Ok((track, Bitmap::from_bytes(bytes))),
            Err(error) => Err(StoreError::corrupt(format!("track {name}"), error)),
        })
        .collect()
}

/// Locks a film that is being made. [`StoreError::Stale`] when it failed or was deleted.
async fn lock(tx: &mut Tx, key: &FilmKey) -> Result<Progress, StoreError> {
    let row = sqlx::query(
        "UPDATE transcoder_video SET playable = playable
         WHERE video_id = $1 AND revision = $2 AND state = $3
         RETURNING playable, segments_done, segments_total",
    )
    .bind(key.video.as_str())
    .bind(i64::from(key.revision))
    .bind(FilmState::Planned.as_str())
    .fetch_optional(tx.conn())
    .await?
    .ok_or(StoreError::Stale)?;
    Ok(Progress {
        playable: row.try_get::<i64, _>("playable")? != 0,
        done: row.try_get("segments_done")?,
        total: row.try_get("segments_total")?,
    })
}

async fn advance(
    tx: &mut Tx,
    key: &FilmKey,
    progress: &Progress,
    playable: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE transcoder_video SET segments_done = $1, playable = $2
         WHERE video_id = $3 AND revision = $4",
    )
    .bind(progress.done)
    .bind(i64::from(progress.playable || playable))
    .bind(key.video.as_str())
    .bind(i64::from(key.revision))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks outputs as existing; how many of them are segments that were not marked before. A track's
/// sums grow by what is new only, so that they are exact however often something is made.
async fn mark(tx: &mut Tx, key: &FilmKey, plan: &Plan, made: &[Made]) -> Result<u32, StoreError> {
    let mut fresh = 0;
    let tracks: BTreeSet<&Track> = made.iter().map(|made| &made.track).collect();
    for track in tracks {
        let mut set = ready(tx, key, track).await?;
        let (mut bytes, mut peak) = (0_u64, 0_u64);
        for one in made.iter().filter(|made| made.track == *track) {
            if !plan.contains(&track.object(one.n)) || !set.insert(one.n) {
                continue;
            }
            fresh += u32::from(track.counts());
            bytes += one.bytes;
            let span = plan.grid.boundary_time(one.n + 1) - plan.grid.boundary_time(one.n);
            peak = peak.max(bits_per_second(one.bytes, span));
        }
        sqlx::query(
            "UPDATE transcoder_track SET ready = $1, bytes = bytes + $2,
                peak_bps = CASE WHEN peak_bps < $3 THEN $3 ELSE peak_bps END
             WHERE video_id = $4 AND revision = $5 AND track = $6",
        )
        .bind(set.as_bytes().to_vec())
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(i64::try_from(peak).unwrap_or(i64::MAX))
        .bind(key.video.as_str())
        .bind(i64::from(key.revision))
        .bind(track.to_string())
        .execute(tx.conn())
        .await?;
    }
    Ok(fresh)
}

async fn ready(tx: &mut Tx, key: &FilmKey, track: &Track) -> Result<Bitmap, StoreError> {
    let bytes: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT ready FROM transcoder_track
         WHERE video_id = $1 AND revision = $2 AND track = $3",
    )
    .bind(key.video.as_str())
    .bind(i64::from(key.revision))
    .bind(track.to_string())
    .fetch_optional(tx.conn())
    .await?;
    Ok(bytes.map(Bitmap::from_bytes).unwrap_or_default())
}

/// What a player starts with: the lowest rung and every sound track.
fn starting_tracks(plan: &Plan) -> impl Iterator<Item = Track> + '_ {
    let lowest = plan
        .rungs
        .first()
        .map(|rung| Track::Video(rung.name.clone()));
    lowest
        .into_iter()
        .chain(plan.track_numbers().map(Track::Audio))
}

async fn starts(tx: &mut Tx, key: &FilmKey, plan: &Plan) -> Result<bool, StoreError> {
    for track in starting_tracks(plan) {
        if !ready(tx, key, &track).await?.contains(0) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn beginning(plan: &Plan) -> Vec<String> {
    starting_tracks(plan)
        .flat_map(|track| track.init().into_iter().chain([track.object(0)]))
        .map(|object| object.to_string())
        .collect()
}

fn bits_per_second(bytes: u64, span: Micros) -> u64 {
    let micros = u128::try_from(span.0).unwrap_or(0).max(1);
    let bits = u128::from(bytes) * 8 * 1_000_000;
    u64::try_from(bits.div_ceil(micros)).unwrap_or(u64::MAX)
}
