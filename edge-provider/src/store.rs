//! The registry of edges.

use platform_db::{Db, DbError, Migration};
use sqlx::Row as _;
use sqlx::any::AnyRow;

pub(crate) const EDGES: Migration = Migration::new(
    1,
    "CREATE TABLE edges_edge (
        id TEXT PRIMARY KEY,
        url TEXT NOT NULL,
        public_url TEXT NOT NULL,
        credential TEXT NOT NULL,
        healthy BIGINT NOT NULL DEFAULT 1,
        failures BIGINT NOT NULL DEFAULT 0,
        last_seen_ms BIGINT NOT NULL DEFAULT 0
    )",
);

/// Failed checks in a row after which an edge gets no films and no viewers.
const FAILURES_ALLOWED: i64 = 2;

/// An edge that is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) id: String,
    /// How services reach it; empty for the embedded one, which discovery finds.
    pub(crate) url: String,
    /// What players put before `/v/…`; empty for the gateway's own origin.
    pub(crate) public_url: String,
    /// Name of the credential that seeding it takes.
    pub(crate) credential: String,
    pub(crate) healthy: bool,
    pub(crate) last_seen_ms: i64,
}

impl Edge {
    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            url: row.try_get("url")?,
            public_url: row.try_get("public_url")?,
            credential: row.try_get("credential")?,
            healthy: row.try_get::<i64, _>("healthy")? != 0,
            last_seen_ms: row.try_get("last_seen_ms")?,
        })
    }
}

/// The edges, in rows. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Edges(Db);

impl Edges {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    /// Makes `edges` the registered ones. What is known of the health of those that stay is kept.
    pub(crate) async fn register(&self, edges: &[Edge]) -> Result<(), DbError> {
        if self.are_registered(edges).await? {
            return Ok(());
        }
        self.0.write(|mut tx| async move {
            let known: Vec<String> = sqlx::query_scalar("SELECT id FROM edges_edge")
                .fetch_all(tx.conn())
                .await?;
            for gone in known.iter().filter(|id| edges.iter().all(|e| e.id != **id)) {
                sqlx::query("DELETE FROM edges_edge WHERE id = $1")
                    .bind(gone)
                    .execute(tx.conn())
                    .await?;
            }
            for edge in edges {
                sqlx::query(
                    "INSERT INTO edges_edge (id, url, public_url, credential) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (id) DO UPDATE SET url = excluded.url,
                        public_url = excluded.public_url, credential = excluded.credential",
                )
                .bind(&edge.id)
                .bind(&edge.url)
                .bind(&edge.public_url)
                .bind(&edge.credential)
                .execute(tx.conn())
                .await?;
            }
            tx.commit().await
        }).await
    }

    /// Spares most starts a write.
    async fn are_registered(&self, edges: &[Edge]) -> Result<bool, DbError> {
        let known = self.all().await?;
        let same = |a: &Edge, b: &Edge| {
            a.id == b.id
                && a.url == b.url
                && a.public_url == b.public_url
                && a.credential == b.credential
        };
        let all_known = edges.iter().all(|one| known.iter().any(|k| same(k, one)));
        Ok(known.len() == edges.len() && all_known)
    }

    /// All edges by id.
    pub(crate) async fn all(&self) -> Result<Vec<Edge>, DbError> {
        let rows = sqlx::query(
            "SELECT id, url, public_url, credential, healthy, last_seen_ms
             FROM edges_edge ORDER BY id",
        )
        .fetch_all(self.0.reader())
        .await?;
        Ok(rows.iter().map(Edge::read).collect::<Result<_, _>>()?)
    }

    /// The edge `id`, if it is registered.
    pub(crate) async fn get(&self, id: &str) -> Result<Option<Edge>, DbError> {
        Ok(self.all().await?.into_iter().find(|edge| edge.id == id))
    }

    /// The edge `id` answered.
    pub(crate) async fn seen(&self, id: &str, now_ms: i64) -> Result<(), DbError> {
        self.0
            .write(|mut tx| async move {
                sqlx::query(
                "UPDATE edges_edge SET healthy = 1, failures = 0, last_seen_ms = $2 WHERE id = $1",
            )
            .bind(id)
            .bind(now_ms)
            .execute(tx.conn())
            .await?;
                tx.commit().await
            })
            .await
    }

    /// The edge `id` did not answer.
    pub(crate) async fn missed(&self, id: &str) -> Result<(), DbError> {
        self.0
            .write(|mut tx| async move {
                sqlx::query(
                    "UPDATE edges_edge SET failures = failures + 1,
                    healthy = CASE WHEN failures + 1 >= $2 THEN 0 ELSE healthy END
                 WHERE id = $1",
                )
                .bind(id)
                .bind(FAILURES_ALLOWED)
                .execute(tx.conn())
                .await?;
                tx.commit().await
            })
            .await
    }
}
