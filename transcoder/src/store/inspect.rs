//! What players and operators ask.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Store, StoreError, count};
use crate::domain::{FilmKey, Track, ready_spans};

/// How many tasks one answer lists.
const TASKS: i64 = 500;

/// What exists of a film.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Availability {
    /// Where segments start, in seconds.
    pub(crate) segment_starts_s: Vec<f64>,
    /// The film's length in seconds.
    pub(crate) duration_s: f64,
    /// Every rung and every sound track.
    pub(crate) tracks: Vec<TrackAvailability>,
}

/// What exists of a track.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TrackAvailability {
    /// `v/360p` or `a/0`.
    pub(crate) name: String,
    /// The spans that exist, `[from, to]` in seconds.
    pub(crate) ready: Vec<[f64; 2]>,
}

/// A task, for operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct TaskView {
    /// Its id.
    pub(crate) task_id: String,
    /// Of which video.
    pub(crate) video_id: String,
    /// Of which plan.
    pub(crate) revision: u32,
    /// `plan`, `video`, `audio`, `finish` or `clear`.
    pub(crate) kind: String,
    /// Rungs or sound track.
    pub(crate) tracks: String,
    /// First of its segments.
    pub(crate) first_segment: u32,
    /// How many segments.
    pub(crate) segment_count: u32,
    /// 0 a player waits, 1 first of a film, 2 ahead of a player, 3 a film's start, 4 the rest.
    pub(crate) priority: u32,
    /// `waiting`, `running` or `failed`.
    pub(crate) state: String,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// How often a worker ended while it held the task.
    pub(crate) deaths: u32,
    /// Why the last attempt failed, or empty.
    pub(crate) last_error: String,
    /// Who works, or last worked, on it.
    pub(crate) worker: String,
}

/// One row of the list of tasks.
type TaskRow = (
    String,
    String,
    i64,
    String,
    String,
    i64,
    i64,
    i64,
    String,
    i64,
    i64,
    String,
    String,
);

impl Store {
    /// What exists of the plan of a film; `None` when there is no plan.
    pub(crate) async fn availability(
        &self,
        key: &FilmKey,
    ) -> Result<Option<Availability>, StoreError> {
        let Some(plan) = self.film(key).await?.and_then(|film| film.plan) else {
            return Ok(None);
        };
        let grid = &plan.grid;
        let ready = self.ready(key).await?;
        let video = plan
            .rungs
            .iter()
            .map(|rung| Track::Video(rung.name.clone()));
        let tracks = video.chain(plan.track_numbers().map(Track::Audio));
        Ok(Some(Availability {
            segment_starts_s: grid
                .segments()
                .map(|segment| grid.frame_time(segment.first_frame).as_secs_f64())
                .collect(),
            duration_s: plan.duration().as_secs_f64(),
            tracks: tracks
                .map(|track| TrackAvailability {
                    name: track.to_string(),
                    ready: ready
                        .get(&track)
                        .map_or_else(Vec::new, |set| ready_spans(grid, set)),
                })
                .collect(),
        }))
    }

    /// The open and failed tasks, or those in one state; failed ones first, then by urgency.
    pub(crate) async fn tasks(&self, state: Option<&str>) -> Result<Vec<TaskView>, StoreError> {
        let rows: Vec<TaskRow> = sqlx::query_as(
            "SELECT task_id, video_id, revision, kind, tracks, first_segment, segment_count,
                priority, state, attempts, deaths, last_error, worker
             FROM transcoder_task WHERE state = $2 OR $2 = ''
             ORDER BY CASE state WHEN 'failed' THEN 0 WHEN 'running' THEN 1 ELSE 2 END,
                priority, film_ms, video_id, first_segment, kind
             LIMIT $1",
        )
        .bind(TASKS)
        .bind(state.unwrap_or_default())
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.into_iter().map(task_view).collect())
    }

    /// How many tasks wait, by priority.
    pub(crate) async fn depths(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT priority, count(*) FROM transcoder_task WHERE state = 'waiting'
             GROUP BY priority",
        )
        .fetch_all(self.db.reader())
        .await?)
    }
}

fn task_view(row: TaskRow) -> TaskView {
    let (task_id, video_id, revision, kind, tracks, first, segments, priority, ..) = row;
    let (.., state, attempts, deaths, last_error, worker) = row;
    TaskView {
        task_id,
        video_id,
        revision: count(revision),
        kind,
        tracks,
        first_segment: count(first),
        segment_count: count(segments),
        priority: count(priority),
        state,
        attempts: count(attempts),
        deaths: count(deaths),
        last_error,
        worker,
    }
}
