//! A catalogue that runs, for stories about it.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::Path;
use std::sync::Arc;

use metadata::{Config, Deps, REBUILD_PATH, RebuildStatus, Retention};
use platform_auth::PlaybackKey;
use platform_bus::{EmbeddedBus, Topic, publish_event};
use platform_core::clock::ManualClock;
use platform_core::{Clock, Lifecycle, Redacted};
use platform_db::Db;
use platform_passwords::{Cost, Hasher};
use schemas::v1::event::Payload;
use schemas::v1::{UploadStarted, VideoLive};
use schemas::{NewEvent, OwnerId, VideoId};
use serde_json::Value;
use testkit::services::{from_gateway, from_service};
use testkit::stage::{PATIENCE, eventually};

/// What the catalogue under test makes playback tokens with.
pub(crate) fn playback_key() -> PlaybackKey {
    PlaybackKey::new(&Redacted::new("the playback key of the tests"))
}

/// A running catalogue.
pub(crate) struct Service {
    /// What the database lives on: it outlives the services.
    ground: Lifecycle,
    life: Lifecycle,
    pub(crate) clock: ManualClock,
    bus: Arc<EmbeddedBus>,
    pub(crate) db: Db,
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
}

impl Service {
    pub(crate) async fn start(config: Config, dir: &Path) -> Self {
        Self::start_keeping(Retention::default(), config, dir).await
    }

    pub(crate) async fn start_keeping(retention: Retention, config: Config, dir: &Path) -> Self {
        let (ground, life) = (Lifecycle::new(), Lifecycle::new());
        let clock = ManualClock::at(1_790_000_000_000);
        let db = testkit::rows::open(dir, &ground).await;
        let bus = Arc::new(EmbeddedBus::open(db.clone(), &life).await.unwrap());
        let deps = Deps {
            db: db.clone(),
            bus: Arc::<EmbeddedBus>::clone(&bus),
            client: testkit::services::client(),
            hasher: Hasher::new(Cost::CURRENT, 64),
            clock: Arc::new(clock.clone()),
            lifecycle: life.clone(),
            playback: playback_key(),
        };
        let running = metadata::build(config, retention, deps).await.unwrap();
        Self {
            ground,
            life,
            clock,
            bus,
            db,
            http: reqwest::Client::new(),
            base: format!("http://{}", running.addr),
        }
    }

    pub(crate) async fn stop(self) {
        assert!(self.life.finish(PATIENCE, std::future::pending()).await);
        self.db.close().await;
        self.ground.finish(PATIENCE, std::future::pending()).await;
    }

    pub(crate) async fn tell(&self, topic: Topic, video: &VideoId, payload: Payload) {
        self.publish(topic, video.as_str(), payload).await;
    }

    pub(crate) async fn publish(&self, topic: Topic, key: &str, payload: Payload) {
        self.clock.advance_ms(1000);
        let event =
            NewEvent::new(OwnerId::local(), payload).stamp(self.clock.now_ms(), &mut rand::rng());
        let bus: Arc<dyn platform_bus::Bus> = Arc::<EmbeddedBus>::clone(&self.bus);
        publish_event(&bus, topic, key, &event).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.base));
        let answer = from_gateway(request).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Asks until the answer is as it should be.
    pub(crate) async fn until(&self, path: &str, right: impl Fn(u16, &Value) -> bool) -> Value {
        let what = format!("the answer of {path} is right");
        eventually(&what, async || {
            let (status, body) = self.get(path).await;
            if right(status, &body) {
                Ok(body)
            } else {
                Err(format!("{status} {body}"))
            }
        })
        .await
    }

    pub(crate) async fn in_state(&self, video: &VideoId, state: &str) -> Value {
        let path = format!("/api/videos/{video}");
        self.until(&path, |_, body| body["state"] == state).await
    }

    /// Searches until exactly `titles` are found.
    pub(crate) async fn finds(&self, query: &str, titles: &[&str]) {
        let path = format!("/api/search?q={query}");
        self.until(&path, |_, body| listed(body) == titles).await;
    }

    /// A film that is live, with one event after the other.
    pub(crate) async fn live(&self, title: &str) -> VideoId {
        let video = VideoId::random(&mut rand::rng());
        self.tell(Topic::Videos, &video, started(&video, title))
            .await;
        self.tell(Topic::Videos, &video, live(&video)).await;
        self.in_state(&video, "live").await;
        video
    }
}

pub(crate) fn listed(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array();
    let titles = items.into_iter().flatten();
    titles.filter_map(|item| item["title"].as_str()).collect()
}

pub(crate) fn started(video: &VideoId, title: &str) -> Payload {
    Payload::UploadStarted(UploadStarted {
        video_id: video.to_string(),
        owner: "local".to_owned(),
        size_bytes: 1000,
        title: title.to_owned(),
        description: "A film".to_owned(),
        ..UploadStarted::default()
    })
}

pub(crate) fn live(video: &VideoId) -> Payload {
    Payload::VideoLive(VideoLive {
        video_id: video.to_string(),
        revision: 1,
        edges: vec!["edge".to_owned()],
    })
}

/// Has the index built anew; what is told meanwhile.
pub(crate) async fn rebuild(service: &Service) -> Vec<RebuildStatus> {
    let url = format!("{}{REBUILD_PATH}", service.base);
    let answer = from_service(service.http.post(url)).send().await.unwrap();
    let told = answer.text().await.unwrap();
    let lines = told.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}
