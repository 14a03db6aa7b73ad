//! The origin: what is there is served, what is planned is asked for once, the rest is not there.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;

use edge_provider::{Config, Deps};
use futures_util::future::join_all;
use media::plan::ObjectRef;
use platform_bus::Topic;
use platform_core::{Redacted, SystemClock};
use platform_http::{Client, Service};
use reqwest::{RequestBuilder, Response};
use schemas::v1::{ChunkEncoded, EncodeTask, event::Payload};
use testkit::film::Film;
use testkit::stage::{Ear, Stage};

struct World {
    stage: Stage,
    client: Client,
    film: Film,
}

impl World {
    /// An origin, and a film that is planned.
    async fn with(config: Config) -> Self {
        let stage = Stage::new().await;
        let client = testkit::services::client();
        let deps = Deps {
            db: stage.db.clone(),
            bus: Arc::clone(&stage.bus),
            blobs: Arc::clone(&stage.blobs),
            client: client.clone(),
            clock: Arc::new(SystemClock),
            lifecycle: stage.life.clone(),
            credentials: [("fra".to_owned(), Redacted::new("key of fra"))].into(),
            embedded_origin: String::new(),
        };
        edge_provider::build(config, deps).await.unwrap();
        let film = Film::new(60);
        film.store(&*stage.blobs, film.planned()).await;
        Self {
            stage,
            client,
            film,
        }
    }

    async fn new() -> Self {
        Self::with(Config::default()).await
    }

    async fn get(&self, path: &str) -> Response {
        let path = format!("/origin/{}/1/{path}", self.film.id);
        self.ask(&path).await
    }

    async fn ask(&self, path: &str) -> Response {
        let answer = self
            .client
            .get(Service::EdgeProvider, path, |request| request);
        answer.await.unwrap()
    }

    async fn wishes(&self) -> Ear {
        self.stage.listen("encoder", Topic::TranscodeUrgent).await
    }

    /// What an encoder does.
    async fn encode(&self, path: &str) {
        let object: ObjectRef = path.parse().unwrap();
        self.film.store(&*self.stage.blobs, [object]).await;
    }

    async fn tell_encoded(&self, path: &str) {
        let encoded = ChunkEncoded {
            video_id: self.film.id.to_string(),
            revision: 1,
            paths: vec![path.to_owned()],
            ..ChunkEncoded::default()
        };
        let (topic, key) = (Topic::TranscodeProgress, self.film.id.as_str());
        self.stage
            .tell(topic, key, Payload::ChunkEncoded(encoded))
            .await;
    }
}

fn wish(film: &Film, path: &str) -> Payload {
    Payload::EncodeTask(EncodeTask {
        video_id: film.id.to_string(),
        revision: 1,
        path: path.to_owned(),
    })
}

#[tokio::test]
async fn what_is_there_is_served_and_what_is_known_is_not_sent_again() {
    let world = World::new().await;
    let answer = world.get("master.m3u8").await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap();
    assert_eq!(header("content-type"), "application/vnd.apple.mpegurl");
    let etag = header("etag").to_owned();
    let content = world.film.content(&ObjectRef::HlsMaster);
    assert_eq!(answer.bytes().await.unwrap(), content);
    let path = format!("/origin/{}/1/master.m3u8", world.film.id);
    let with = |request: RequestBuilder| request.header("if-none-match", &etag);
    let again = world.client.get(Service::EdgeProvider, &path, with).await;
    assert_eq!(again.unwrap().status(), 304);
}

#[tokio::test]
async fn only_services_and_edges_are_answered() {
    let world = World::new().await;
    let base = world.client.discovery().resolve(Service::EdgeProvider);
    let path = format!("/origin/{}/1/master.m3u8", world.film.id);
    let url = base.unwrap().join(&path).unwrap();
    let ask = async |key: &str| {
        let request = reqwest::Client::new().get(url.clone());
        request.bearer_auth(key).send().await.unwrap().status()
    };
    assert_eq!(reqwest::get(url.clone()).await.unwrap().status(), 401);
    for key in ["", "key of", "key of fran", "key of nobody"] {
        assert_eq!(ask(key).await, 401, "{key}");
    }
    assert_eq!(ask("key of fra").await, 200);
    assert_eq!(world.get("master.m3u8").await.status(), 200);
}

#[tokio::test]
async fn what_no_plan_has_is_not_there_and_wakes_nobody() {
    let world = World::new().await;
    for path in [
        "v/360p/15.m4s",
        "v/480p/0.m4s",
        "a/1/0.m4s",
        "plan.json",
        "v/360p/00.m4s",
    ] {
        assert_eq!(world.get(path).await.status(), 404, "{path}");
    }
    let other = Film::new(8).id;
    let path = format!("/origin/{other}/1/v/360p/0.m4s");
    assert_eq!(world.ask(&path).await.status(), 404);
    let mut wishes = world.wishes().await;
    let key = world.film.id.as_str();
    let last = wish(&world.film, "the last one");
    let (topic, marker) = (Topic::TranscodeUrgent, last.clone());
    world.stage.tell(topic, key, marker).await;
    assert_eq!(wishes.until(|told| *told == last).await, []);
}

#[tokio::test]
async fn a_hundred_requests_for_a_missing_segment_are_one_wish() {
    let world = World::new().await;
    let path = "v/360p/12.m4s";
    let mut wishes = world.wishes().await;
    let encoder = async {
        assert_eq!(wishes.next().await, wish(&world.film, path));
        world.encode(path).await;
        world.tell_encoded(path).await;
    };
    let (answers, ()) = tokio::join!(join_all((0..100).map(|_| world.get(path))), encoder);
    let content = world.film.content(&path.parse().unwrap());
    for answer in answers {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.bytes().await.unwrap(), content);
    }
    let last = wish(&world.film, "the last one");
    let (topic, key) = (Topic::TranscodeUrgent, world.film.id.as_str());
    world.stage.tell(topic, key, last.clone()).await;
    assert_eq!(wishes.until(|told| *told == last).await, []);
}

#[tokio::test]
async fn an_init_segment_comes_with_the_first_segment() {
    let world = World::new().await;
    let mut wishes = world.wishes().await;
    let encoder = async {
        assert_eq!(wishes.next().await, wish(&world.film, "a/0/0.m4s"));
        world.encode("a/0/init.mp4").await;
        world.tell_encoded("a/0/0.m4s").await;
    };
    let (answer, ()) = tokio::join!(world.get("a/0/init.mp4"), encoder);
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn news_that_gets_lost_costs_a_second() {
    let world = World::new().await;
    let mut wishes = world.wishes().await;
    let encoder = async {
        wishes.next().await;
        world.encode("v/240p/3.m4s").await;
    };
    let (answer, ()) = tokio::join!(world.get("v/240p/3.m4s"), encoder);
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn patience_ends_and_the_next_request_asks_again() {
    let world = World::with(Config {
        patience_s: 0,
        ..Config::default()
    })
    .await;
    let mut wishes = world.wishes().await;
    for _ in 0..2 {
        let answer = world.get("v/360p/7.m4s").await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "2");
        assert_eq!(wishes.next().await, wish(&world.film, "v/360p/7.m4s"));
    }
    assert_eq!(world.get("images/poster.jpg").await.status(), 503);
}

#[tokio::test]
async fn only_so_many_wait() {
    let world = World::with(Config {
        max_waiting_per_film: 1,
        ..Config::default()
    })
    .await;
    let mut wishes = world.wishes().await;
    let encoder = async {
        assert_eq!(wishes.next().await, wish(&world.film, "v/360p/3.m4s"));
        let turned_away = world.get("v/360p/4.m4s").await;
        assert_eq!(turned_away.status(), 503);
        assert_eq!(turned_away.headers().get("retry-after").unwrap(), "2");
        assert!(turned_away.text().await.unwrap().contains("/problems/busy"));
        assert_eq!(world.get("master.m3u8").await.status(), 200);
        world.encode("v/360p/3.m4s").await;
        world.tell_encoded("v/360p/3.m4s").await;
    };
    let (answer, ()) = tokio::join!(world.get("v/360p/3.m4s"), encoder);
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_film_belongs_on_the_embedded_edge() {
    let world = World::new().await;
    let addr = ([127, 0, 0, 1], 4711).into();
    world
        .client
        .discovery()
        .announce(Service::Edge, addr)
        .unwrap();
    let path = format!("/internal/placement/{}", world.film.id);
    let placement: serde_json::Value = world.ask(&path).await.json().await.unwrap();
    let edges = placement["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 1);
    assert_eq!(edges[0]["id"], "embedded");
    assert_eq!(edges[0]["url"], "http://127.0.0.1:4711/");
    assert_eq!(edges[0]["state"], "healthy");
    let closest: serde_json::Value = world
        .ask("/internal/edges/closest")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(closest["id"], "embedded");
}
