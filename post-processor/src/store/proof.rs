//! What comparing all parts of Marquee takes of our rows, and what it found last.

use std::collections::{BTreeMap, BTreeSet};

use schemas::VideoId;
use sqlx::Row as _;

use super::{Films, StoreError, Tasks};
use crate::proof::Seeding;

impl Films {
    /// What our rows say of all films, or of some.
    pub(crate) async fn seeding(
        &self,
        which: Option<&[VideoId]>,
    ) -> Result<BTreeMap<VideoId, Seeding>, StoreError> {
        let Some(films) = which else {
            let everything = |sql| sqlx::query(sql).fetch_all(self.0.reader());
            let films = everything(FILMS).await?;
            let tasks = everything(TASKS).await?;
            return read(&films, &tasks);
        };
        let mut all = BTreeMap::new();
        for film in films {
            let of = |sql: &str| sqlx::AssertSqlSafe(format!("{sql} AND video_id = $1"));
            let row = sqlx::query(of(FILMS)).bind(film.as_str());
            let row = row.fetch_all(self.0.reader()).await?;
            let tasks = sqlx::query(of(TASKS)).bind(film.as_str());
            let tasks = tasks.fetch_all(self.0.reader()).await?;
            all.extend(read(&row, &tasks)?);
        }
        Ok(all)
    }
}

const FILMS: &str = "SELECT video_id, deleted FROM post_video WHERE 1 = 1";
const TASKS: &str = "SELECT video_id, revision, edge, part, done, reason FROM post_task
    WHERE (done = 0 OR part = 'begin')
        AND part NOT IN ('purge', 'uproot', 'gone', 'retire', 'sweep', 'drop', 'swept')";

fn read(
    films: &[sqlx::any::AnyRow],
    tasks: &[sqlx::any::AnyRow],
) -> Result<BTreeMap<VideoId, Seeding>, StoreError> {
    let id = |row: &sqlx::any::AnyRow| -> Result<VideoId, StoreError> {
        let id: String = row.try_get("video_id")?;
        id.parse().map_err(|_e| StoreError::Row("video"))
    };
    let mut all: BTreeMap<VideoId, Seeding> = BTreeMap::new();
    for row in films {
        all.entry(id(row)?).or_default().deleted = row.try_get::<i64, _>("deleted")? != 0;
    }
    for row in tasks {
        let seeding = all.entry(id(row)?).or_default();
        if row.try_get::<i64, _>("done")? == 0 {
            seeding.open += 1;
            let reason: String = row.try_get("reason")?;
            if !reason.is_empty() {
                seeding.reason = reason;
            }
            continue;
        }
        let revision = u32::try_from(row.try_get::<i64, _>("revision")?);
        let revision = revision.map_err(|_e| StoreError::Row("revision"))?;
        let newest = seeding.begun.entry(row.try_get("edge")?).or_default();
        *newest = revision.max(*newest);
    }
    Ok(all)
}

impl Tasks {
    /// Has a film brought to these edges again, all of it that was.
    pub(crate) async fn bring_again(
        &self,
        video: &VideoId,
        edges: &BTreeSet<String>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(|mut tx| async move {
            for edge in edges {
                sqlx::query(
                    "UPDATE post_task SET done = 0, progress = 0, due_ms = $3, claims = claims + 1
                     WHERE video_id = $1 AND edge = $2 AND part NOT IN ('purge', 'drop')",
                )
                .bind(video.as_str())
                .bind(edge)
                .bind(now_ms)
                .execute(tx.conn())
                .await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Keeps what was found last, for whoever asks.
    pub(crate) async fn keep_report(&self, report: &str) -> Result<(), StoreError> {
        self.write(|mut tx| async move {
            sqlx::query(
                "INSERT INTO post_round (name, due_ms, report) VALUES ($1, 0, $2)
                 ON CONFLICT (name) DO UPDATE SET report = excluded.report",
            )
            .bind(ROUND)
            .bind(report)
            .execute(tx.conn())
            .await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// What was found last; empty when nobody has looked yet.
    pub(crate) async fn report(&self) -> Result<String, StoreError> {
        let report: Option<String> =
            sqlx::query_scalar("SELECT report FROM post_round WHERE name = $1")
                .bind(ROUND)
                .fetch_optional(self.db().reader())
                .await?;
        Ok(report.unwrap_or_default())
    }

    /// Takes the round that is due at `now_ms`, if it is: of all replicas one does. The first is due
    /// after `every_ms`.
    pub(crate) async fn take_round(&self, now_ms: i64, every_ms: i64) -> Result<bool, StoreError> {
        let next = now_ms.saturating_add(every_ms);
        self.write(|mut tx| async move {
            sqlx::query(
                "INSERT INTO post_round (name, due_ms, report) VALUES ($1, $2, '')
                 ON CONFLICT DO NOTHING",
            )
            .bind(ROUND)
            .bind(next)
            .execute(tx.conn())
            .await?;
            let taken =
                sqlx::query("UPDATE post_round SET due_ms = $2 WHERE name = $1 AND due_ms <= $3")
                    .bind(ROUND)
                    .bind(next)
                    .bind(now_ms)
                    .execute(tx.conn())
                    .await?
                    .rows_affected();
            tx.commit().await?;
            Ok(taken == 1)
        })
        .await
    }
}

const ROUND: &str = "verify";
