//! Making things wrong, past all services.

use std::path::{Path, PathBuf};

use platform_core::{Clock as _, Lifecycle, SystemClock};
use platform_db::{DatabaseConfig, Db, DbError};
use system_tests::{Marquee, stack};
use testkit::stage::eventually;

/// The rows of an instance that runs.
pub(crate) struct Rows(Db);

impl Rows {
    /// Those of the instance on `data`.
    pub(crate) async fn of(data: &Path) -> Self {
        let life = Lifecycle::new();
        if !stack::is_real() {
            let file = data.join("marquee.db");
            return Self(Db::open_sqlite(&file, &life).await.unwrap());
        }
        let variables = stack::Engines::named().variables(data).into_iter();
        let mut url = variables.filter(|(name, _)| name == "MARQUEE__DATABASE__URL");
        let config = DatabaseConfig {
            url: Some(url.next().unwrap().1.parse().unwrap()),
            ..DatabaseConfig::default()
        };
        Self(Db::open(&config, data, &life).await.unwrap())
    }

    pub(crate) async fn run(&self, sql: &str) {
        let done: Result<(), DbError> = self
            .0
            .write(|mut tx| async move {
                let query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
                query.execute(tx.conn()).await?;
                tx.commit().await
            })
            .await;
        done.unwrap();
    }

    /// A film of which nobody heard, and that nobody tries any more.
    pub(crate) async fn plant_failed_task(&self, id: &str) {
        self.run(&format!(
            "INSERT INTO transcoder_video (video_id, revision, owner, source_key, state, created_ms)
             VALUES ('{id}', 1, 'local', 'raw/{id}/source', 'failed', 1)"
        ))
        .await;
        self.run(&format!(
            "INSERT INTO transcoder_task (task_id, video_id, revision, queue, kind, tracks,
                first_segment, segment_count, priority, owner, film_ms, state, available_ms,
                last_error, created_ms)
             VALUES ('{id}', '{id}', 1, 'plan', 'plan', '', 0, 0, 1, 'local', 1, 'failed',
                9000000000000, 'it broke', 1)"
        ))
        .await;
    }

    /// A dead letter that is no event.
    pub(crate) async fn plant_dead_letter(&self, n: u32) {
        let headers = r#"[["dlq-topic","videos"],["dlq-group","test"],["dlq-reason","nonsense"]]"#;
        self.run(&format!(
            "INSERT INTO bus_log (topic, part, pos, key, payload, headers, at_ms)
             VALUES ('videos.dlq', 0, {}, 'x', x'ff', '{headers}', {n})",
            1000 + n
        ))
        .await;
    }

    async fn is_indexed(&self, id: &str) -> bool {
        let sql = "SELECT count(*) FROM metadata_video WHERE video_id = $1
            AND indexed_version = search_version";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(id)
            .fetch_one(self.0.reader())
            .await
            .unwrap();
        count == 1
    }

    async fn wait_until_indexed(&self, id: &str, marquee: &Marquee) {
        // Any change wakes the indexer of another process.
        let shown = marquee.get("/api/videos").await;
        assert!(shown.is_some());
        eventually("the index has it", async || self.is_indexed(id).await).await;
    }

    /// Has the index find a deleted film.
    pub(crate) async fn index_for_good(&self, id: &str, marquee: &Marquee) {
        self.run(&format!(
            "UPDATE metadata_video SET state = 'live', owner = 'local', title = 'left',
                search_version = search_version + 1 WHERE video_id = '{id}'"
        ))
        .await;
        self.wait_until_indexed(id, marquee).await;
        self.run(&format!(
            "UPDATE metadata_video SET state = 'deleted', owner = '', title = ''
             WHERE video_id = '{id}'"
        ))
        .await;
    }

    /// Has the index forget a film that is there.
    pub(crate) async fn forget_in_index(&self, id: &str, marquee: &Marquee) {
        // Not so long ago that it would be removed for good.
        let later = SystemClock.now_ms() + 3_600_000;
        self.run(&format!(
            "UPDATE metadata_video SET trashed_at_ms = {later}, search_version = search_version + 1
             WHERE video_id = '{id}'"
        ))
        .await;
        self.wait_until_indexed(id, marquee).await;
        self.run(&format!(
            "UPDATE metadata_video SET trashed_at_ms = NULL WHERE video_id = '{id}'"
        ))
        .await;
    }
}

fn on_edge(data: &Path, id: &str) -> PathBuf {
    data.join("edge/films").join(id)
}

/// Puts something of a film on the edge.
pub(crate) fn edge_copy(data: &Path, id: &str) -> PathBuf {
    let folder = on_edge(data, id);
    std::fs::create_dir_all(folder.join("1")).unwrap();
    std::fs::write(folder.join("1/master.m3u8"), "left").unwrap();
    folder
}

/// Takes all of a film from the edge.
pub(crate) fn lose_edge_copy(data: &Path, id: &str) {
    std::fs::remove_dir_all(on_edge(data, id)).unwrap();
}

pub(crate) fn has_edge_copy(data: &Path, id: &str) -> bool {
    on_edge(data, id).join("1/master.m3u8").is_file()
}
