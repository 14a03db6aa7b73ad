//! What services stand on, for stories about one of them: a database, a bus, objects, a life.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a failed step is a failed test"
)]

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use platform_blob::Blobs;
use platform_bus::{Bus, EmbeddedBus, Subscription, Topic};
use platform_core::Lifecycle;
use platform_db::Db;
use schemas::v1::event::Payload;
use schemas::{NewEvent, OwnerId};
use tempfile::TempDir;

use crate::memory_blobs::MemoryBlobs;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// One process's database, bus and life, over objects and a folder that outlive it.
#[derive(Debug)]
pub struct Stage {
    /// The folder.
    pub dir: Arc<TempDir>,
    /// The objects.
    pub blobs: Arc<dyn Blobs>,
    /// The database.
    pub db: Db,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// Ends everything.
    pub life: Lifecycle,
}

impl Stage {
    /// A stage with nothing on it.
    pub async fn new() -> Self {
        let dir = Arc::new(tempfile::tempdir().expect("there is a temporary folder"));
        Self::over(dir, Arc::new(MemoryBlobs::default())).await
    }

    async fn over(dir: Arc<TempDir>, blobs: Arc<dyn Blobs>) -> Self {
        let life = Lifecycle::new();
        let db = crate::rows::open(dir.path(), &life).await;
        let bus = EmbeddedBus::open(db.clone(), &life)
            .await
            .expect("it opens");
        Self {
            dir,
            blobs,
            db,
            bus: Arc::new(bus),
            life,
        }
    }

    /// Ends this process, and begins the next one over the same folder and objects.
    pub async fn restart(self) -> Self {
        let ended = self.life.finish(PATIENCE, std::future::pending()).await;
        assert!(ended, "a vital task failed");
        self.db.close().await;
        Self::over(self.dir, self.blobs).await
    }

    /// Publishes an event.
    pub async fn tell(&self, topic: Topic, key: &str, payload: Payload) {
        let event = NewEvent::new(OwnerId::local(), payload).stamp(0, &mut rand::rng());
        let told = platform_bus::publish_event(&self.bus, topic, key, &event);
        told.await.expect("the bus takes it");
    }

    /// Begins to listen to `topic`, from its first event on if `group` is new.
    pub async fn listen(&self, group: &str, topic: Topic) -> Ear {
        let topics = [topic.name().to_owned()];
        let subscription = self.bus.subscribe(group, &topics).await;
        Ear {
            subscription: subscription.expect("the bus lets us listen"),
            heard: Vec::new(),
        }
    }
}

/// Listens to a topic.
pub struct Ear {
    subscription: Box<dyn Subscription>,
    heard: Vec<Payload>,
}

impl std::fmt::Debug for Ear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ear")
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

impl Ear {
    /// The next event.
    pub async fn next(&mut self) -> Payload {
        let next = tokio::time::timeout(PATIENCE, self.subscription.next(1)).await;
        let next = next.expect("an event comes").expect("the bus delivers");
        let delivery = next.first().expect("the bus never delivers nothing");
        self.subscription
            .commit(delivery)
            .await
            .expect("it commits");
        let event = schemas::decode(&delivery.payload).expect("it is an event");
        let payload = event.payload.expect("this build knows all its events");
        self.heard.push(payload.clone());
        payload
    }

    /// All events until one that is `last`, which is left out.
    pub async fn until(&mut self, last: impl Fn(&Payload) -> bool) -> Vec<Payload> {
        let mut before = Vec::new();
        loop {
            let next = self.next().await;
            if last(&next) {
                return before;
            }
            before.push(next);
        }
    }
}

/// What a look at the world brings: `bool` says that it is so, `Option` what was found, and the
/// error of a `Result` what is seen as yet.
pub trait Look {
    /// What was looked for.
    type Found;

    /// What was found, or what is seen instead.
    fn found(self) -> Result<Self::Found, String>;
}

impl Look for bool {
    type Found = ();

    fn found(self) -> Result<(), String> {
        self.then_some(()).found()
    }
}

impl<T> Look for Option<T> {
    type Found = T;

    fn found(self) -> Result<T, String> {
        self.ok_or_else(String::new)
    }
}

impl<T, E: Display> Look for Result<T, E> {
    type Found = T;

    fn found(self) -> Result<T, String> {
        self.map_err(|seen| format!("; it is {seen}"))
    }
}

/// Looks again and again until it is so, for [`PATIENCE`]; `what` is a sentence that says what is
/// so then. Returns what was found.
pub async fn eventually<L: Look>(what: &str, mut look: impl AsyncFnMut() -> L) -> L::Found {
    let mut seen = String::new();
    let search = async {
        loop {
            match look().await.found() {
                Ok(found) => return found,
                Err(instead) => seen = instead,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, search).await.ok();
    found.unwrap_or_else(|| panic!("waited in vain until {what}{seen}"))
}
