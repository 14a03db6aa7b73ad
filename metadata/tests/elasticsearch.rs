//! Search in a real Elasticsearch: the promises of the seam, and what befalls a server elsewhere.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;
#[path = "common/proxy.rs"]
mod proxy;

use std::sync::Arc;
use std::time::Duration;

use common::{Service, listed, rebuild};
use metadata::search::{
    Audience, Change, Document, ElasticIndex, Query, SearchErrorKind, SearchIndex,
};
use metadata::{Config, RebuildStatus};
use proxy::{Mode, Proxy};
use serde_json::{Value, json};
use testkit::services::from_gateway;
use testkit::stage::eventually;
use tokio::time::Instant;

/// Names of one test in the Elasticsearch of this run; removed at its end.
struct Ground {
    server: String,
    prefix: String,
    http: reqwest::Client,
}

impl Ground {
    fn new() -> Self {
        Self {
            server: testkit::real::elasticsearch(),
            prefix: format!("t{:016x}", rand::random::<u64>()),
            http: reqwest::Client::new(),
        }
    }

    fn config(&self) -> Config {
        self.config_at(&self.server)
    }

    fn config_at(&self, url: &str) -> Config {
        Config {
            url: Some(url.parse().unwrap()),
            index_prefix: self.prefix.clone(),
            // Machines of tests are busy with more than one thing.
            timeout_ms: 3000,
            write_timeout_ms: 30_000,
            ..Config::default()
        }
    }

    fn index(&self) -> ElasticIndex {
        ElasticIndex::open(&self.config()).unwrap().unwrap()
    }

    /// Asks as somebody else would.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/{}", self.server.trim_end_matches('/'), path);
        let url = url.replace("VIDEOS", &format!("{}-videos", self.prefix));
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, url);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The names of our indices.
    async fn indices(&self) -> Vec<String> {
        let (_, known) = self.ask("GET", "VIDEOS-*/_alias", &Value::Null).await;
        known.as_object().unwrap().keys().cloned().collect()
    }

    async fn leave(self) {
        for index in self.indices().await {
            self.ask("DELETE", &index, &Value::Null).await;
        }
        self.ask("DELETE", "_index_template/VIDEOS", &Value::Null)
            .await;
    }
}

fn film(n: u64, version: u64, title: &str) -> Change {
    Change::Put(Document {
        video_id: format!("{n:a>26}"),
        version,
        owner: "ada".to_owned(),
        public: true,
        title: title.to_owned(),
        description: String::new(),
        published_at_ms: i64::try_from(n).unwrap(),
    })
}

async fn found(index: &dyn SearchIndex, text: &str) -> usize {
    let query = Query {
        audience: Audience::Everybody,
        text: text.to_owned(),
        limit: 100,
        cursor: None,
    };
    index.search(query).await.unwrap().hits.len()
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn the_index_in_elasticsearch_conforms() {
    let made = std::sync::Mutex::new(Vec::new());
    testkit::conformance::search::run(|| {
        let ground = Ground::new();
        let index = ground.index();
        made.lock().unwrap().push(ground);
        async move {
            index.id().await.unwrap();
            let index: Arc<dyn SearchIndex> = Arc::new(index);
            index
        }
    })
    .await;
    for ground in made.into_inner().unwrap() {
        ground.leave().await;
    }
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn whoever_knows_elasticsearch_can_look_into_the_index() {
    let ground = Ground::new();
    let index = ground.index();
    index.id().await.unwrap();
    let films = vec![film(1, 7, "Crème Brûlée"), film(2, 1, "Sintel")];
    index.apply(films).await.unwrap();

    // By a plain query for plain words, whichever way they are written.
    for words in ["creme", "CRÈME", "Brûlée"] {
        let query = json!({ "query": { "match": { "words.title": words } }, "version": true });
        let (status, answer) = ground.ask("POST", "VIDEOS/_search", &query).await;
        assert_eq!(status, 200, "{answer}");
        let hits = answer["hits"]["hits"].as_array().unwrap();
        assert_eq!(hits.len(), 1, "{answer}");
        assert_eq!(hits[0]["_source"]["title"], "Crème Brûlée");
        assert_eq!(hits[0]["_version"], 7);
    }
    // The one name leads to a numbered index, which its template describes.
    assert_eq!(
        ground.indices().await,
        [format!("{}-videos-000001", ground.prefix)]
    );
    let (_, template) = ground
        .ask("GET", "_index_template/VIDEOS", &Value::Null)
        .await;
    let template = &template["index_templates"][0]["index_template"];
    assert!(template["version"].is_u64(), "{template}");
    // Nobody makes an index without a mapping by writing to one that is gone.
    let (status, refused) = ground
        .ask("PUT", "VIDEOS-000009/_doc/x", &json!({ "a": 1 }))
        .await;
    assert_eq!(status, 404, "{refused}");
    ground.leave().await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn two_writers_that_overtake_each_other_leave_the_newest() {
    let ground = Ground::new();
    let (one, other) = (ground.index(), ground.index());
    assert_eq!(one.id().await.unwrap(), other.id().await.unwrap());
    let write = async |index: &ElasticIndex, first: u64| {
        for version in (first..=20).step_by(2) {
            let mut batch = vec![film(1, version, &format!("edition number{version}"))];
            batch.extend((2..10).map(|n| film(n, version, "something")));
            index.apply(batch).await.unwrap();
        }
    };
    tokio::join!(write(&one, 1), write(&other, 2));
    assert_eq!(found(&one, "number20 ").await, 1);
    assert_eq!(found(&one, "edition ").await, 1);
    assert_eq!(found(&one, "something ").await, 8);
    ground.leave().await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn processes_that_start_at_once_make_one_index() {
    let ground = Ground::new();
    let indices = [ground.index(), ground.index(), ground.index()];
    let [one, other, third] = &indices;
    let (one, other, third) = tokio::join!(one.id(), other.id(), third.id());
    for id in [one, other, third] {
        id.unwrap();
    }
    assert_eq!(ground.indices().await.len(), 1);
    ground.leave().await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn an_older_version_leaves_a_newer_index_alone() {
    let ground = Ground::new();
    let index = ground.index();
    let id = index.id().await.unwrap();
    let (_, answer) = ground
        .ask("GET", "_index_template/VIDEOS", &Value::Null)
        .await;
    let known = &answer["index_templates"][0]["index_template"];
    // What a newer version would have left.
    let ours = known["version"].as_u64().unwrap();
    let newer = json!({ "marker": { "id": id, "mapping": ours + 1 } });
    ground
        .ask("PUT", "VIDEOS/_doc/marquee?refresh=true", &newer)
        .await;
    let mut template = json!({
        "index_patterns": known["index_patterns"],
        "template": known["template"],
        "version": ours + 1,
    });
    let (status, _) = ground.ask("PUT", "_index_template/VIDEOS", &template).await;
    assert_eq!(status, 200);

    assert_eq!(index.id().await.unwrap(), id);
    index.apply(vec![film(1, 1, "Film")]).await.unwrap();
    let refused = index.clear().await.unwrap_err();
    assert!(
        refused.to_string().contains("Upgrade this process"),
        "{refused}"
    );
    assert_eq!(found(&index, "film").await, 1);

    // And one of an older version is made anew.
    let older = json!({ "marker": { "id": id, "mapping": ours - 1 } });
    ground.ask("PUT", "VIDEOS/_doc/marquee", &older).await;
    template["version"] = json!(ours);
    ground.ask("PUT", "_index_template/VIDEOS", &template).await;
    assert_ne!(index.id().await.unwrap(), id);
    assert_eq!(found(&index, "film").await, 0);
    ground.leave().await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn an_operators_mistakes_are_told_in_words() {
    let told = async |config: &Config| {
        let index = ElasticIndex::open(config).unwrap().unwrap();
        let error = index.id().await.unwrap_err();
        assert_eq!(error.kind(), SearchErrorKind::Away);
        error.to_string()
    };
    let ground = Ground::new();
    let nobody = Proxy::to("127.0.0.1:1", Mode::Down).await;
    let config = ground.config_at(&format!("http://{}", nobody.addr));
    let sentence = told(&config).await;
    assert!(sentence.contains("check search.url"), "{sentence}");

    nobody.set(Mode::Silent);
    let config = Config {
        write_timeout_ms: 50,
        ..config
    };
    let sentence = told(&config).await;
    assert!(sentence.contains("within 50 ms"), "{sentence}");

    // Plain HTTP where TLS was meant.
    let config = ground.config_at(&ground.server.replace("http://", "https://"));
    told(&config).await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn an_index_that_was_deleted_or_emptied_is_built_anew_from_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new();
    let service = Service::start(ground.config(), dir.path()).await;
    service.live("Phoenix").await;
    service.finds("phoenix", &["Phoenix"]).await;

    let (status, _) = ground.ask("DELETE", "VIDEOS-000001", &Value::Null).await;
    assert_eq!(status, 200);
    // Anything that happens makes it look; otherwise it looks now and then.
    service.live("Another").await;
    service.finds("phoenix", &["Phoenix"]).await;

    for hit in ["marquee", &service.live("Third").await.to_string()] {
        ground
            .ask("DELETE", &format!("VIDEOS/_doc/{hit}"), &Value::Null)
            .await;
    }
    service.live("Fourth").await;
    service.finds("third", &["Third"]).await;
    service.finds("phenix", &["Phoenix"]).await;
    service.stop().await;
    ground.leave().await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn search_that_is_away_takes_nothing_else_with_it_and_catches_up() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new();
    let proxy = Proxy::to(&ground.server, Mode::Silent).await;
    let config = Config {
        timeout_ms: 1000,
        write_timeout_ms: 1000,
        ..ground.config_at(&format!("http://{}", proxy.addr))
    };
    // It starts, and films come and go, while search is away from the beginning.
    let service = Service::start(config, dir.path()).await;
    service.live("First").await;
    for mode in [Mode::Silent, Mode::Down] {
        proxy.set(mode);
        // In the end nobody waits for a server that is away, and everybody is told when to ask again.
        eventually("search fails at once", async || {
            let began = Instant::now();
            let url = format!("{}/api/search?q=first", service.base);
            let answer = from_gateway(service.http.get(url)).send().await.unwrap();
            assert_eq!(answer.status(), 503);
            let wait = answer.headers()["retry-after"].to_str().unwrap();
            assert!((1..=8).contains(&wait.parse::<u32>().unwrap()), "{wait}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["type"], "/problems/search-unavailable");
            if began.elapsed() < Duration::from_millis(250) {
                Ok(())
            } else {
                Err("it took long")
            }
        })
        .await;
        let (status, page) = service.get("/api/videos").await;
        assert_eq!((status, listed(&page).contains(&"First")), (200, true));
        let ready = format!("{}/health/ready", service.base);
        let ready = service.http.get(ready).send().await.unwrap();
        assert_eq!(ready.status(), 204);
        service.live("Meanwhile").await;
    }
    proxy.set(Mode::Through);
    service.finds("first", &["First"]).await;
    service
        .finds("meanwhile", &["Meanwhile", "Meanwhile"])
        .await;
    service.stop().await;
    ground.leave().await;
}

#[tokio::test]
#[ignore = "needs a real Elasticsearch: script/test --real"]
async fn a_rebuild_loses_nothing_under_queries_and_writes() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new();
    let service = Service::start(ground.config(), dir.path()).await;
    for _ in 0..30 {
        service.live("Steady film").await;
    }
    service.finds("nothing", &[]).await;
    service.finds("steady", &["Steady film"; 24]).await;
    // Somebody else's, which has no row.
    let stray = vec![film(1, 1, "Stray film")];
    ground.index().apply(stray).await.unwrap();

    let rebuilt = std::cell::Cell::new(0_u32);
    let rebuilds = async {
        while rebuilt.get() < 3 {
            let told = rebuild(&service).await;
            assert!(
                matches!(told.last(), Some(RebuildStatus::Done { .. })),
                "{told:?}"
            );
            rebuilt.set(rebuilt.get() + 1);
        }
    };
    let queries = async {
        let mut asked = 0;
        while rebuilt.get() < 3 {
            let (status, page) = service.get("/api/search?q=steady&limit=100").await;
            assert_eq!(status, 200, "{page}");
            assert_eq!(listed(&page).len(), 30);
            asked += 1;
        }
        asked
    };
    let writes = async {
        let mut written: usize = 0;
        while rebuilt.get() < 3 {
            service
                .live(&format!("Written meanwhile number{written}"))
                .await;
            written += 1;
            // Once found, always found.
            let query = format!("/api/search?q=written%20number{}&limit=100", written - 1);
            service
                .until(&query, |_, body| !listed(body).is_empty())
                .await;
            let (_, page) = service.get("/api/search?q=written&limit=100").await;
            assert_eq!(listed(&page).len(), written.min(100));
        }
        written
    };
    let ((), asked, written) = tokio::join!(rebuilds, queries, writes);
    assert!(asked > 3 && written > 0, "{asked} queries, {written} films");
    let (_, page) = service.get("/api/search?q=written&limit=100").await;
    assert_eq!(listed(&page).len(), written.min(100));
    service.finds("stray", &[]).await;
    assert_eq!(ground.indices().await.len(), 1);
    service.stop().await;
    ground.leave().await;
}
