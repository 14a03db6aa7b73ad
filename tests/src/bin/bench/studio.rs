//! Lists of a large catalogue, all of one owner: the studio, search and what others browse, through the
//! gateway. The peer is the same with a hundred films.

use std::path::Path;
use std::time::Duration;

use platform_core::Lifecycle;
use platform_db::{Db, DbError};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use schemas::VideoId;
use serde_json::Value;
use system_tests::Marquee;
use system_tests::marquee::OPEN;
use tokio::time::Instant;

use crate::table::{line, median, milliseconds, p99};

/// Films in the catalogue unless another number is given, and in that of the peer.
const FILMS: u32 = 100_000;
const FEW: u32 = 100;
/// Requests of each kind that are measured, and before those some that are not.
const REQUESTS: usize = 1000;
const WARM_UP: usize = 50;
/// Rows in one statement.
const CHUNK: u32 = 500;
const SEED: u64 = 7;
const TAGS: u32 = 50;

pub(crate) async fn run(films: Option<u32>) {
    let films = films.unwrap_or(FILMS);
    let many = measured(films).await;
    let few = measured(FEW).await;
    line(&format!(
        "| {films} films of one owner | p50 | p99 | p50 with {FEW} | p99 with {FEW} |"
    ));
    line("| --- | --- | --- | --- | --- |");
    for ((name, many), (_, few)) in many.iter().zip(&few) {
        line(&format!(
            "| {name} | {} | {} | {} | {} |",
            milliseconds(median(many)),
            milliseconds(p99(many)),
            milliseconds(median(few)),
            milliseconds(p99(few)),
        ));
    }
}

/// Seconds that requests of each kind take.
async fn measured(films: u32) -> Vec<(&'static str, Vec<f64>)> {
    let data = tempfile::tempdir().expect("a folder");
    // Makes the tables.
    let mut first = Marquee::up_on_as(data.path(), &[], &[OPEN]).await;
    first.terminate().await;
    fill(&data.path().join("marquee.db"), films).await;
    let marquee = Marquee::up_on_as(data.path(), &[], &[OPEN]).await;
    let site = Site {
        http: Client::new(),
        base: marquee.url().to_owned(),
    };
    site.indexed(films).await;
    let mut all = Vec::new();
    for (name, path) in [
        ("studio, newest first", "/api/videos?state=all&limit=24"),
        (
            "studio, on the way and failed",
            "/api/videos?state=all&limit=100",
        ),
        ("explore, newest first", "/api/videos?limit=24"),
        ("a channel", "/api/videos?owner=local&limit=24"),
        ("a tag", "/api/videos?tag=tag7&limit=24"),
        ("a category", "/api/videos?category=music&limit=24"),
        ("a language", "/api/videos?language=de&limit=24"),
    ] {
        all.push((name, site.pages(path).await));
    }
    all.push(("search in the studio", site.searches("&among=own").await));
    all.push(("search by others", site.searches("").await));
    all
}

struct Site {
    http: Client,
    base: String,
}

impl Site {
    async fn get(&self, path: &str) -> (f64, Value) {
        let began = Instant::now();
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        let answer = answer.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let body = answer.bytes().await.expect("all of it");
        let took = began.elapsed().as_secs_f64();
        (took, serde_json::from_slice(&body).expect("JSON"))
    }

    /// Waits until the last film that was written is found.
    async fn indexed(&self, films: u32) {
        let path = format!("/api/search?q=film{}", films - 1);
        while self.get(&path).await.1["items"] == Value::Array(Vec::new()) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// One page after another, to the end and from the beginning again.
    async fn pages(&self, path: &str) -> Vec<f64> {
        let mut times = Vec::new();
        let mut cursor: Option<String> = None;
        for n in 0..WARM_UP + REQUESTS {
            let page = match &cursor {
                Some(cursor) => format!("{path}&cursor={cursor}"),
                None => path.to_owned(),
            };
            let (took, page) = self.get(&page).await;
            assert_ne!(page["items"], Value::Array(Vec::new()), "{path}");
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if n >= WARM_UP {
                times.push(took);
            }
        }
        times
    }

    /// One to three words, some of them half typed.
    async fn searches(&self, among: &str) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(SEED + 1);
        let mut times = Vec::new();
        for n in 0..WARM_UP + REQUESTS {
            let words = 1 + n % 3;
            let mut query = (0..words)
                .map(|_| word(&mut rng))
                .collect::<Vec<_>>()
                .join("+");
            if n % 2 == 0 {
                query.pop();
            }
            let (took, _) = self.get(&format!("/api/search?q={query}{among}")).await;
            if n >= WARM_UP {
                times.push(took);
            }
        }
        times
    }
}

/// A word as titles have them: a few are in very many, most in very few.
fn word(rng: &mut StdRng) -> String {
    const PARTS: [&str; 16] = [
        "ba", "ce", "do", "fi", "ga", "hu", "ka", "le", "mi", "no", "pa", "re", "si", "to", "va",
        "zu",
    ];
    let bits = rng.random_range(0..15);
    let rank: usize = rng.random_range(0..1_usize << bits);
    let mut left = rank;
    let mut word = String::from("wo");
    for _ in 0..4 {
        word.push_str(PARTS[left % PARTS.len()]);
        left /= PARTS.len();
    }
    word
}

/// Writes films that are live, nine of ten of them public, as if events had made them; the index hears
/// of them by their versions.
async fn fill(file: &Path, films: u32) {
    let ground = Lifecycle::new();
    let db = Db::open_sqlite(file, &ground).await.expect("rows");
    let mut rng = StdRng::seed_from_u64(SEED);
    for from in (0..films).step_by(CHUNK as usize) {
        let (mut rows, mut shelves) = (Vec::new(), Vec::new());
        for n in from..films.min(from + CHUNK) {
            film(n, &mut rng, &mut rows, &mut shelves);
        }
        let rows = format!(
            "INSERT INTO metadata_video (video_id, owner, title, description, state, created_at_ms,
                published_at_ms, visibility, about, facts, version, search_version, indexed_version)
             VALUES {}",
            rows.join(", ")
        );
        let shelves = format!(
            "INSERT INTO metadata_shelf (shelf, at_ms, video_id) VALUES {}",
            shelves.join(", ")
        );
        let written = db.write(async |mut tx| {
            for sql in [&rows, &shelves] {
                let insert = sqlx::query(sqlx::AssertSqlSafe(sql.clone()));
                insert.execute(tx.conn()).await?;
            }
            tx.commit().await
        });
        let written: Result<(), DbError> = written.await;
        written.expect("rows");
    }
    db.close().await;
    ground
        .finish(Duration::from_secs(20), std::future::pending())
        .await;
}

fn film(n: u32, rng: &mut StdRng, rows: &mut Vec<String>, shelves: &mut Vec<String>) {
    let id = VideoId::random(rng);
    let mut words = |count: u32| (0..count).map(|_| word(rng)).collect::<Vec<_>>().join(" ");
    let (title, description) = (words(3), words(20));
    let at = 1_700_000_000_000_i64 + i64::from(n) * 1000;
    let tag = format!("tag{}", n % TAGS);
    let visibility = if n.is_multiple_of(10) {
        "private"
    } else {
        "public"
    };
    let about = format!(r#"{{"tags":["{tag}"],"category":"music","language":"de"}}"#);
    rows.push(format!(
        "('{id}', 'local', 'film{n} {title}', '{description}', 'live', {at}, {at}, '{visibility}',
          '{about}', '{{}}', 1, 1, 0)"
    ));
    if visibility == "public" {
        let names = [
            "everybody",
            "channel:local",
            "category:music",
            "language:de",
        ];
        let names = names.into_iter().map(str::to_owned);
        for shelf in names.chain([format!("tag:{tag}")]) {
            shelves.push(format!("('{shelf}', {at}, '{id}')"));
        }
    }
}
