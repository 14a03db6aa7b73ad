//! Tables of the transcoder.

use platform_db::Migration;

/// All steps.
///
/// A task's row lives as long as there is something to do: what is done or cancelled is deleted,
/// so that the queue stays small and a late worker finds nothing to write to. What failed for good
/// stays for the operator. `available_ms` is when anybody may claim the task: at once, after a
/// pause, or when its lease ends.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration::new(
        1,
        "CREATE TABLE transcoder_video (
        video_id TEXT NOT NULL,
        revision BIGINT NOT NULL,
        owner TEXT NOT NULL,
        source_key TEXT NOT NULL,
        state TEXT NOT NULL,
        playable BIGINT NOT NULL DEFAULT 0,
        segments_total BIGINT NOT NULL DEFAULT 0,
        segments_done BIGINT NOT NULL DEFAULT 0,
        plan TEXT NOT NULL DEFAULT '',
        problem_type TEXT NOT NULL DEFAULT '',
        problem_title TEXT NOT NULL DEFAULT '',
        problem_detail TEXT NOT NULL DEFAULT '',
        traceparent TEXT NOT NULL DEFAULT '',
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (video_id, revision)
     );
     CREATE TABLE transcoder_track (
        video_id TEXT NOT NULL,
        revision BIGINT NOT NULL,
        track TEXT NOT NULL,
        ready BLOB NOT NULL,
        bytes BIGINT NOT NULL DEFAULT 0,
        peak_bps BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (video_id, revision, track)
     );
     CREATE TABLE transcoder_task (
        task_id TEXT PRIMARY KEY,
        video_id TEXT NOT NULL,
        revision BIGINT NOT NULL,
        queue TEXT NOT NULL,
        kind TEXT NOT NULL,
        tracks TEXT NOT NULL,
        first_segment BIGINT NOT NULL,
        segment_count BIGINT NOT NULL,
        priority BIGINT NOT NULL,
        owner TEXT NOT NULL,
        film_ms BIGINT NOT NULL,
        state TEXT NOT NULL,
        available_ms BIGINT NOT NULL,
        worker TEXT NOT NULL DEFAULT '',
        fence BIGINT NOT NULL DEFAULT 0,
        attempts BIGINT NOT NULL DEFAULT 0,
        last_error TEXT NOT NULL DEFAULT '',
        traceparent TEXT NOT NULL DEFAULT '',
        created_ms BIGINT NOT NULL
     );
     CREATE UNIQUE INDEX transcoder_task_work ON transcoder_task
        (video_id, revision, kind, tracks, first_segment, segment_count);
     CREATE INDEX transcoder_task_queue ON transcoder_task
        (queue, priority, owner, film_ms, video_id, first_segment, kind, available_ms)
        WHERE state <> 'failed';
     CREATE INDEX transcoder_task_running ON transcoder_task (owner, available_ms)
        WHERE state = 'running';",
    ),
    Migration::new(
        2,
        "ALTER TABLE transcoder_video ADD COLUMN lowest_first BIGINT NOT NULL DEFAULT 0",
    ),
    Migration::new(
        3,
        "ALTER TABLE transcoder_task ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0",
    ),
    Migration::new(
        4,
        "ALTER TABLE transcoder_video ADD COLUMN longest_s BIGINT NOT NULL DEFAULT 0",
    ),
];
