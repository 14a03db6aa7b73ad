//! Search in a large catalogue, on both engines: what the service adds to the engine's own time,
//! and how soon a film that went live is found: `script/bench search [FILMS [ENGINE]]`, with the
//! address of an Elasticsearch in `MARQUEE_TEST_ELASTICSEARCH`. `ENGINE` is `tantivy` or
//! `elasticsearch`, for one of them alone.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on has nothing to say"
)]

#[path = "bench_search/bare.rs"]
mod bare;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metadata::search::{Audience, Query, SearchIndex as _, TantivyIndex};
use metadata::{Config, Deps, REBUILD_PATH, RebuildStatus, Retention};
use platform_auth::PlaybackKey;
use platform_bus::{Bus, EmbeddedBus, Topic, publish_event};
use platform_core::{Clock as _, Lifecycle, Redacted, SystemClock};
use platform_db::{Db, DbError};
use platform_passwords::{Cost, Hasher};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use schemas::v1::event::Payload;
use schemas::v1::{UploadStarted, VideoLive};
use schemas::{NewEvent, OwnerId, VideoId};
use serde_json::Value;
use testkit::services::{from_gateway, from_service};
use tokio::time::Instant;

use bare::BareClient;

/// Films in the catalogue unless another number is given.
const FILMS: u32 = 100_000;
/// Rows in one statement.
const CHUNK: u32 = 1000;
/// Searches that are measured, and before that some that are not.
const SEARCHES: usize = 2000;
const WARM_UP: usize = 200;
/// Films that go live while it is measured how soon they are found.
const FRESH: usize = 20;
/// Seed of the catalogue and the queries, so that every run is of the same.
const SEED: u64 = 7;

#[tokio::main]
async fn main() {
    let told = std::env::args().nth(1);
    let films = told.map_or(FILMS, |films| films.parse().expect("a number of films"));
    let only = std::env::args().nth(2);
    let wanted = |engine: &str| only.as_deref().is_none_or(|only| only == engine);
    line(&format!(
        "| {films} films | p50 | p99 | ratio p50 | ratio p99 | found after, median | worst |"
    ));
    line("| --- | --- | --- | --- | --- | --- | --- |");
    if wanted("tantivy") {
        let folder = tempfile::tempdir().expect("a folder");
        let tantivy = Config {
            folder: folder.path().join("index"),
            timeout_ms: 10_000,
            ..Config::default()
        };
        engine("Tantivy", films, &tantivy).await;
    }
    if !wanted("elasticsearch") {
        return;
    }
    let elastic = Config {
        url: Some(testkit::real::elasticsearch().parse().expect("an address")),
        index_prefix: format!("bench{:08x}", rand::random::<u32>()),
        timeout_ms: 10_000,
        write_timeout_ms: 60_000,
        ..Config::default()
    };
    engine("Elasticsearch", films, &elastic).await;
    leave(&elastic).await;
}

fn line(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("somebody reads");
}

/// Measures one engine.
async fn engine(name: &str, films: u32, config: &Config) {
    let folder = tempfile::tempdir().expect("a folder");
    let (ground, life) = (Lifecycle::new(), Lifecycle::new());
    let service = Service::start(config, folder.path(), &ground, &life).await;
    let words = Words::new();
    service.fill(films, &words).await;
    let began = Instant::now();
    service.rebuild(films).await;
    let built = began.elapsed();

    let queries = words.queries();
    let mut service_times = Vec::new();
    let mut bare_times = Vec::new();
    let bare = Bare::open(config, &queries).await;
    for n in 0..WARM_UP + SEARCHES {
        let which = n % queries.len();
        let query = &queries[which];
        // In turn, and in turn who comes first: the second finds warmer caches.
        let (mut asked, mut plain) = (0.0, 0.0);
        for first in [n % 2 == 0, n % 2 != 0] {
            if first {
                asked = service.search(query).await;
            } else {
                plain = bare.search(which).await;
            }
        }
        if n >= WARM_UP {
            service_times.push(asked);
            bare_times.push(plain);
        }
    }
    let fresh = service.freshness().await;
    let (p50, p99) = percentiles(&service_times);
    let found = percentiles(&fresh);
    let (bare50, bare99) = percentiles(&bare_times);
    line(&format!(
        "| {name}, the service | {p50:.1} ms | {p99:.1} ms | {:.2}× | {:.2}× | {:.0} ms | {:.0} ms |",
        p50 / bare50,
        p99 / bare99,
        found.0,
        found.1,
    ));
    line(&format!(
        "| {name}, {} | {bare50:.1} ms | {bare99:.1} ms | 1 | 1 | | |",
        bare.name()
    ));
    let rate = f64::from(films) / built.as_secs_f64();
    line(&format!(
        "| {name}, built in {:.0} s | {rate:.0} films a second | | | | | |",
        built.as_secs_f64()
    ));
    life.finish(Duration::from_secs(20), std::future::pending())
        .await;
    service.db.close().await;
    ground
        .finish(Duration::from_secs(20), std::future::pending())
        .await;
}

/// Half of the values are not above the first, ninety-nine of a hundred not above the second.
fn percentiles(values: &[f64]) -> (f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |of_hundred: usize| sorted[(sorted.len() * of_hundred / 100).min(sorted.len() - 1)];
    (at(50), at(99))
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// A catalogue that runs in this process.
struct Service {
    db: Db,
    bus: Arc<dyn Bus>,
    http: reqwest::Client,
    base: String,
}

impl Service {
    async fn start(config: &Config, folder: &Path, ground: &Lifecycle, life: &Lifecycle) -> Self {
        let file = folder.join("marquee.db");
        let db = Db::open_sqlite(&file, ground).await.expect("rows");
        let bus = EmbeddedBus::open(db.clone(), ground).await;
        let bus: Arc<dyn Bus> = Arc::new(bus.expect("a bus"));
        let deps = Deps {
            db: db.clone(),
            bus: Arc::clone(&bus),
            client: testkit::services::client(),
            hasher: Hasher::new(Cost::CURRENT, 64),
            clock: Arc::new(SystemClock),
            lifecycle: life.clone(),
            playback: PlaybackKey::new(&Redacted::new("bench")),
        };
        let running = metadata::build(config.clone(), Retention::default(), deps);
        let running = running.await.expect("it runs");
        Self {
            db,
            bus,
            http: reqwest::Client::new(),
            base: format!("http://{}", running.addr),
        }
    }

    /// Writes rows as if their films had been indexed: the rebuild is to find them.
    async fn fill(&self, films: u32, words: &Words) {
        let mut rng = StdRng::seed_from_u64(SEED);
        for from in (0..films).step_by(CHUNK as usize) {
            let rows: Vec<String> = (from..films.min(from + CHUNK))
                .map(|n| {
                    let id = VideoId::random(&mut rng);
                    let title = words.text(&mut rng, 2..7);
                    let description = words.text(&mut rng, 10..40);
                    let at = 1_700_000_000_000_i64 + i64::from(n) * 1000;
                    format!(
                        "('{id}', 'local', '{title}', '{description}', 'live', {at}, {at}, '{{}}', 1, 1, 1)"
                    )
                })
                .collect();
            let insert = format!(
                "INSERT INTO metadata_video (video_id, owner, title, description, state,
                    created_at_ms, published_at_ms, facts, version, search_version,
                    indexed_version)
                 VALUES {}",
                rows.join(", ")
            );
            let written = self.db.write(async |mut tx| {
                let insert = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
                insert.execute(tx.conn()).await?;
                tx.commit().await
            });
            let written: Result<(), DbError> = written.await;
            written.expect("rows");
        }
    }

    /// Has the index built, and waits.
    async fn rebuild(&self, films: u32) {
        let url = format!("{}{REBUILD_PATH}", self.base);
        let answer = from_service(self.http.post(url))
            .send()
            .await
            .expect("an answer");
        let told = answer.text().await.expect("all of it");
        let last = told.lines().last().expect("a line");
        let last: RebuildStatus = serde_json::from_str(last).expect("a status");
        let videos = u64::from(films);
        assert_eq!(last, RebuildStatus::Done { videos });
    }

    /// Milliseconds that a search takes.
    async fn search(&self, text: &str) -> f64 {
        let began = Instant::now();
        let page = self.page(text).await;
        let took = ms(began);
        assert!(page["items"].is_array(), "{page}");
        took
    }

    async fn page(&self, text: &str) -> Value {
        let url = format!("{}/api/search?q={}", self.base, text.replace(' ', "+"));
        let answer = from_gateway(self.http.get(url))
            .send()
            .await
            .expect("an answer");
        answer.json().await.expect("a page")
    }

    /// Milliseconds from going live until found, each with a word of its own.
    async fn freshness(&self) -> Vec<f64> {
        let mut times = Vec::new();
        for n in 0..FRESH {
            let video = VideoId::random(&mut rand::rng());
            let title = format!("premiere{n}x{}", rand::random::<u32>());
            let started = Payload::UploadStarted(UploadStarted {
                video_id: video.to_string(),
                owner: "local".to_owned(),
                title: title.clone(),
                ..UploadStarted::default()
            });
            let live = Payload::VideoLive(VideoLive {
                video_id: video.to_string(),
                revision: 1,
                edges: vec!["edge".to_owned()],
            });
            self.publish(&video, started).await;
            self.publish(&video, live).await;
            let began = Instant::now();
            while self.page(&title).await["items"] == Value::Array(Vec::new()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            times.push(ms(began));
        }
        times
    }

    async fn publish(&self, video: &VideoId, payload: Payload) {
        let event = NewEvent::new(OwnerId::local(), payload);
        let event = event.stamp(SystemClock.now_ms(), &mut rand::rng());
        publish_event(&self.bus, Topic::Videos, video.as_str(), &event)
            .await
            .expect("published");
    }
}

/// The engine without the service.
enum Bare {
    Elasticsearch(BareClient),
    /// The index, called in this process: a copy, since one process at a time may write to it.
    Tantivy {
        index: TantivyIndex,
        queries: Vec<Query>,
        _folder: tempfile::TempDir,
    },
}

impl Bare {
    async fn open(config: &Config, queries: &[String]) -> Self {
        let queries = queries.iter().map(|text| Query {
            audience: Audience::Everybody,
            text: text.clone(),
            limit: 24,
            cursor: None,
        });
        let queries = queries.collect::<Vec<_>>();
        if let Some(server) = &config.url {
            return Self::Elasticsearch(BareClient::record(config, server, &queries).await);
        }
        let folder = tempfile::tempdir().expect("a folder");
        copy(&config.folder, folder.path());
        let index = TantivyIndex::open(folder.path()).await.expect("a copy");
        Self::Tantivy {
            index,
            queries,
            _folder: folder,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Elasticsearch(_) => "a bare client",
            Self::Tantivy { .. } => "the index in the process",
        }
    }

    /// Milliseconds that a search takes.
    async fn search(&self, which: usize) -> f64 {
        match self {
            Self::Elasticsearch(client) => client.search(which).await,
            Self::Tantivy { index, queries, .. } => {
                let query = queries[which].clone();
                let began = Instant::now();
                index.search(query).await.expect("a page");
                ms(began)
            }
        }
    }
}

/// Copies a folder and all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("space");
        }
    }
}

/// Removes what was measured.
async fn leave(config: &Config) {
    let Some(url) = &config.url else { return };
    let base = url.as_str().trim_end_matches('/');
    let http = reqwest::Client::new();
    let alias = format!("{}-videos", config.index_prefix);
    let known = http.get(format!("{base}/{alias}-*/_alias")).send().await;
    let known: Value = known.expect("an answer").json().await.expect("JSON");
    for index in known
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        let gone = http.delete(format!("{base}/{index}")).send().await;
        gone.expect("an answer");
    }
    let template = format!("{base}/_index_template/{alias}");
    http.delete(template).send().await.expect("an answer");
}

/// Words as titles have them: a few are in very many, most in very few.
struct Words(Vec<String>);

impl Words {
    fn new() -> Self {
        const PARTS: [&str; 32] = [
            "ba", "be", "bu", "ca", "ce", "co", "da", "de", "do", "fa", "fi", "ga", "go", "ha",
            "hi", "ka", "ko", "la", "le", "li", "ma", "mi", "mo", "na", "ni", "pa", "ra", "ri",
            "sa", "se", "ta", "to",
        ];
        let mut rng = StdRng::seed_from_u64(SEED);
        let word = |rng: &mut StdRng| -> String {
            let parts = rng.random_range(2..6);
            (0..parts)
                .map(|_| PARTS[rng.random_range(0..PARTS.len())])
                .collect()
        };
        Self((0..50_000).map(|_| word(&mut rng)).collect())
    }

    fn word(&self, rng: &mut StdRng) -> &str {
        // Rank r comes about as often as 1/r.
        let among = self.0.len().min(1 << rng.random_range(0..17));
        &self.0[rng.random_range(0..among)]
    }

    fn text(&self, rng: &mut StdRng, words: std::ops::Range<usize>) -> String {
        let count = rng.random_range(words);
        let words: Vec<&str> = (0..count).map(|_| self.word(rng)).collect();
        words.join(" ")
    }

    /// What people type: one to three words, the last often unfinished, some with a typo.
    fn queries(&self) -> Vec<String> {
        let mut rng = StdRng::seed_from_u64(SEED + 1);
        (0..200)
            .map(|n| {
                let mut query = self.text(&mut rng, 1..4);
                if n % 2 == 0 {
                    query.truncate(query.len().saturating_sub(2).max(2));
                }
                if n % 5 == 0 && query.len() > 3 {
                    query.replace_range(1..2, "x");
                }
                query
            })
            .collect()
    }
}
