//! The upload service on a real database, bus and object store.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use ingress::{Config, Deps};
use platform_blob::{Blobs, S3Blobs, S3Config, crc32c_base64};
use platform_bus::{Bus, EmbeddedBus};
use platform_core::clock::ManualClock;
use platform_core::{Clock, Lifecycle, Redacted, SystemClock};
use platform_db::Db;
use reqwest::Method;
use schemas::v1::Event;
use serde_json::{Value, json};
use testkit::services::{Identity, from_gateway_for};
use testkit::stage::{PATIENCE, eventually};
use url::Url;

/// A part that is not the last.
pub(crate) const PART: usize = 5 << 20;

/// A machine with an upload service on it.
pub(crate) struct Service {
    ground: Lifecycle,
    life: Lifecycle,
    pub(crate) clock: ManualClock,
    pub(crate) db: Db,
    pub(crate) bus: EmbeddedBus,
    pub(crate) blobs: Arc<dyn Blobs>,
    http: reqwest::Client,
    base: String,
    store: Url,
}

/// A service that tells nothing but what clients do.
pub(crate) fn calm() -> Config {
    Config {
        progress_interval_ms: 3_600_000,
        ..Config::default()
    }
}

/// The same, which sweeps all the time.
pub(crate) fn sweeping() -> Config {
    Config {
        sweep_interval_ms: 20,
        ..calm()
    }
}

impl Service {
    pub(crate) async fn start(dir: &Path, config: Config) -> Self {
        let (ground, life) = (Lifecycle::new(), Lifecycle::new());
        let db = testkit::rows::open(dir, &ground).await;
        let bus = EmbeddedBus::open(db.clone(), &ground).await.unwrap();
        let secret = Redacted::new("secret");
        let objects = platform_objects::Config {
            dir: dir.join("objects"),
            listen: ([127, 0, 0, 1], 0).into(),
            access_key: "key".to_owned(),
            secret_key: secret.clone(),
        };
        let served = platform_objects::serve(&objects, Arc::new(SystemClock), &ground)
            .await
            .unwrap();
        let store = Url::parse(&format!("http://{}", served.addr)).unwrap();
        let blobs: Arc<dyn Blobs> =
            Arc::new(S3Blobs::new(&S3Config::new(store.clone(), "key", secret)));
        blobs.ensure_bucket().await.unwrap();
        let clock = ManualClock::at(SystemClock.now_ms());
        let deps = Deps {
            db: db.clone(),
            bus: Arc::new(bus.clone()),
            blobs: Arc::clone(&blobs),
            public_objects: None,
            client: testkit::services::client(),
            clock: Arc::new(clock.clone()),
            lifecycle: life.clone(),
        };
        let running = ingress::build(config, deps).await.unwrap();
        Self {
            ground,
            life,
            clock,
            db,
            bus,
            blobs,
            http: reqwest::Client::new(),
            base: format!("http://{}", running.addr),
            store,
        }
    }

    pub(crate) async fn stop(self) {
        assert!(self.life.finish(PATIENCE, std::future::pending()).await);
        self.db.close().await;
        assert!(self.ground.finish(PATIENCE, std::future::pending()).await);
    }

    /// A request as the gateway would pass it on, of which the host is the object store's.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request_of(Identity::local(), method, path)
    }

    /// The same for somebody.
    pub(crate) fn request_of(
        &self,
        identity: Identity,
        method: Method,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let host = format!("127.0.0.1:{}", self.store.port().unwrap());
        let request = self.http.request(method, format!("{}{path}", self.base));
        from_gateway_for(request.header("x-forwarded-host", host), Some(identity))
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(method, path).json(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call(Method::POST, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    /// Announces a part with `announced` as its content.
    pub(crate) async fn sign(&self, upload: &str, number: u32, announced: &[u8]) -> Value {
        let parts = json!({"parts": [part(number, announced)]});
        let (status, signed) = self.post(&format!("{upload}/parts"), &parts).await;
        assert_eq!(status, 200, "{signed}");
        signed["parts"][0].clone()
    }

    /// Sends `body` as `signed` says; the object store's status.
    pub(crate) async fn put(&self, signed: &Value, body: Bytes) -> u16 {
        let method = Method::from_bytes(signed["method"].as_str().unwrap().as_bytes());
        let url = signed["url"].as_str().unwrap();
        let mut request = self.http.request(method.unwrap(), url);
        for (name, value) in signed["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(body).send().await.unwrap().status().as_u16()
    }

    /// Announces and sends part `number` of `film`.
    pub(crate) async fn send(&self, upload: &str, number: u32, film: &Film) {
        let bytes = film.part(number);
        let signed = self.sign(upload, number, &bytes).await;
        assert_eq!(self.put(&signed, bytes).await, 200);
    }

    /// The same for all its parts.
    pub(crate) async fn send_all(&self, upload: &str, film: &Film) {
        for number in 1..=3 {
            self.send(upload, number, film).await;
        }
    }

    pub(crate) async fn complete(&self, upload: &str) -> (u16, Value) {
        self.post(&format!("{upload}/complete"), &json!({})).await
    }

    /// What was told on `topic`, the first `count` events.
    pub(crate) async fn told(&self, topic: &str, count: usize) -> Vec<Event> {
        let topics = [topic.to_owned()];
        // A group that nobody was in before reads from the beginning.
        let group = format!("test-{}", schemas::EventId::random(&mut rand::rng()));
        let mut subscription = self.bus.subscribe(&group, &topics).await.unwrap();
        let mut events = Vec::new();
        while events.len() < count {
            let next = tokio::time::timeout(PATIENCE, subscription.next(10)).await;
            let deliveries = next.expect("an event in time").unwrap();
            events.extend(
                deliveries
                    .iter()
                    .map(|it| schemas::decode(&it.payload).unwrap()),
            );
        }
        subscription.close().await;
        events
    }

    /// How many messages lie on `topic`.
    pub(crate) async fn count(&self, topic: &str) -> u64 {
        let group = format!("count-{}", schemas::EventId::random(&mut rand::rng()));
        self.bus.lag(&group, topic).await.unwrap()
    }

    /// Asks until the upload is in `state`.
    pub(crate) async fn until_state(&self, upload: &str, state: &str) {
        eventually(&format!("{upload} is {state}"), async || {
            self.get(upload).await.1["state"] == state
        })
        .await;
    }

    /// How the record of `upload` calls its state.
    pub(crate) async fn state_in_row(&self, upload: &Value) -> String {
        sqlx::query_scalar("SELECT state FROM ingress_upload WHERE upload_id = $1")
            .bind(upload["upload_id"].as_str().unwrap())
            .fetch_one(self.db.reader())
            .await
            .unwrap()
    }

    /// Puts a record where a crash would have left it.
    pub(crate) async fn rewind(&self, upload: &str, state: &str) {
        let id = upload.rsplit('/').next().unwrap();
        self.db
            .write(|mut tx| async move {
                sqlx::query("UPDATE ingress_upload SET state = $1 WHERE upload_id = $2")
                    .bind(state)
                    .bind(id)
                    .execute(tx.conn())
                    .await?;
                tx.commit().await
            })
            .await
            .unwrap();
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// A file in two full parts and a rest.
pub(crate) struct Film(Bytes);

impl Film {
    pub(crate) fn new() -> Self {
        let bytes = (0..2 * PART + 1000).map(|i| u8::try_from(i * 7 % 251).unwrap());
        Self(bytes.collect())
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.0
    }

    pub(crate) fn part(&self, number: u32) -> Bytes {
        let from = (usize::try_from(number).unwrap() - 1) * PART;
        self.0.slice(from..self.0.len().min(from + PART))
    }

    /// How a client announces it.
    pub(crate) fn announcement(&self) -> Value {
        self.announced_as("bunny")
    }

    /// The same of another file, of which this is the fingerprint.
    pub(crate) fn announced_as(&self, fingerprint: &str) -> Value {
        json!({
            "file_name": "Big Buck Bunny.mp4",
            "size_bytes": self.0.len(),
            "fingerprint": fingerprint,
            "publish_policy": "complete",
        })
    }
}

/// A part as a client announces it.
pub(crate) fn part(number: u32, bytes: &[u8]) -> Value {
    json!({"number": number, "size_bytes": bytes.len(), "crc32c": crc32c_base64(bytes)})
}

/// The address of the upload that was answered.
pub(crate) fn address(upload: &Value) -> String {
    format!("/api/uploads/{}", upload["upload_id"].as_str().unwrap())
}

/// The numbers of the parts that are stored.
pub(crate) fn stored(upload: &Value) -> Vec<u64> {
    let parts = upload["parts"].as_array().unwrap().iter();
    parts.map(|part| part["number"].as_u64().unwrap()).collect()
}
