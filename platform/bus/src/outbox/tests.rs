//! Relays over one database that publish into memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use platform_core::Lifecycle;
use platform_db::{Db, DbError, Outbox};
use schemas::v1::{Event, VideoChanged, event::Payload};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{Outlet, Place as Spot, Relay, append};
use crate::{BusError, Outgoing, Topic};

const LEASE: Duration = Duration::from_millis(1500);
const KEEP: Duration = Duration::from_mins(1);

/// What was published by whom, and how often somebody was told to give up.
#[derive(Debug, Default)]
struct World {
    published: Mutex<Vec<(&'static str, String, String)>>,
    failures: AtomicUsize,
    discarded: AtomicUsize,
}

impl World {
    fn all(&self) -> Vec<(&'static str, String, String)> {
        self.published.lock().unwrap().clone()
    }

    fn titles(&self) -> Vec<String> {
        self.all().into_iter().map(|(_, _, title)| title).collect()
    }

    fn publishers(&self) -> Vec<&'static str> {
        self.all().into_iter().map(|(who, _, _)| who).collect()
    }
}

/// A publisher that needs a permit for each message.
#[derive(Debug)]
struct Gated {
    name: &'static str,
    world: Arc<World>,
    gate: Arc<Semaphore>,
}

#[async_trait]
impl Outlet for Gated {
    async fn publish(&self, messages: &[Outgoing]) -> Result<Vec<Spot>, BusError> {
        let mut places = Vec::new();
        for message in messages {
            self.gate.acquire().await.unwrap().forget();
            let failing = |left: usize| left.checked_sub(1);
            let order = Ordering::SeqCst;
            let failed = self.world.failures.fetch_update(order, order, failing);
            if failed.is_ok() {
                let away = std::io::Error::other("the brokers are away");
                return Err(BusError::Unavailable(away.into()));
            }
            let event = schemas::decode(&message.payload).unwrap();
            let Some(Payload::VideoChanged(changed)) = event.payload else {
                panic!("{event:?}");
            };
            let entry = (self.name, message.key.clone(), changed.title);
            let mut published = self.world.published.lock().unwrap();
            places.push(spot(published.len()));
            published.push(entry);
        }
        Ok(places)
    }

    async fn ends(&self) -> Result<Vec<Spot>, BusError> {
        Ok(vec![spot(self.world.published.lock().unwrap().len())])
    }

    fn discard(&self) {
        self.world.discarded.fetch_add(1, Ordering::SeqCst);
    }
}

fn spot(offset: usize) -> Spot {
    Spot {
        topic: Topic::Videos.name().to_owned(),
        part: 0,
        offset: i64::try_from(offset).unwrap(),
    }
}

/// A database for relays of several processes.
struct Place {
    dir: tempfile::TempDir,
    world: Arc<World>,
    life: Lifecycle,
    db: Db,
}

impl Place {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let life = Lifecycle::new();
        let db = testkit::rows::open(dir.path(), &life).await;
        db.migrate("outbox", super::table::MIGRATIONS)
            .await
            .unwrap();
        Self {
            dir,
            world: Arc::default(),
            life,
            db: db.with_outbox(Outbox::Relay),
        }
    }

    /// A process that relays, and its gate with `permits`.
    fn process(&self, name: &'static str, permits: usize) -> Process {
        let gate = Arc::new(Semaphore::new(permits));
        let outlet = Gated {
            name,
            world: Arc::clone(&self.world),
            gate: Arc::clone(&gate),
        };
        let (folder, life) = (self.dir.path().to_owned(), Lifecycle::new());
        let runtime = Runtime::new().unwrap();
        let inside = life.clone();
        runtime.spawn(async move {
            let db = testkit::rows::open(&folder, &inside).await;
            let started = Relay::start(db, outlet, &inside, LEASE, KEEP).await;
            started.unwrap();
        });
        Process {
            gate,
            life,
            runtime: Some(runtime),
        }
    }

    /// Commits a transaction that appends `titles` for video `key`.
    async fn tell(&self, key: &str, titles: impl IntoIterator<Item = usize>) {
        let titles = &titles.into_iter().collect::<Vec<_>>();
        let told = self.db.write(async |mut tx| {
            for title in titles {
                append(&mut tx, Topic::Videos, key, &event(*title)).await?;
            }
            tx.commit().await
        });
        told.await.unwrap();
    }

    async fn waiting(&self) -> u64 {
        super::table::depth(&self.db).await.unwrap().0
    }

    async fn until(&self, what: &str, mut so: impl AsyncFnMut(&Self) -> bool) {
        let look = async {
            while !so(self).await {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let ended = timeout(Duration::from_secs(30), look).await;
        assert!(ended.is_ok(), "not {what}: {:?}", self.world);
    }

    async fn until_empty(&self) {
        let empty = async |place: &Self| place.waiting().await == 0;
        self.until("empty", empty).await;
    }
}

fn event(title: usize) -> Event {
    let changed = VideoChanged {
        title: title.to_string(),
        ..VideoChanged::default()
    };
    Event {
        payload: Some(Payload::VideoChanged(changed)),
        ..Event::default()
    }
}

struct Process {
    gate: Arc<Semaphore>,
    life: Lifecycle,
    runtime: Option<Runtime>,
}

impl Process {
    /// Ends it without a word to anyone.
    fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    async fn stop(&self) {
        let grace = Duration::from_secs(20);
        self.life.finish(grace, std::future::pending()).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn what_is_committed_is_published_in_order_and_nothing_else() {
    let place = Place::new().await;
    let _relay = place.process("a", 1_000_000);
    place.tell("k", 0..1_200).await;
    let given_up = place
        .db
        .write(async |mut tx| append(&mut tx, Topic::Videos, "k", &event(9_999)).await);
    given_up.await.unwrap();
    place.tell("k", 1_200..1_203).await;
    place.until_empty().await;
    assert_eq!(place.world.titles(), numbers(0..1_203));
}

#[tokio::test]
async fn a_bus_that_is_away_costs_nothing_but_time() {
    let place = Place::new().await;
    place.world.failures.store(2, Ordering::SeqCst);
    let _relay = place.process("a", 1_000_000);
    place.tell("k", 0..3).await;
    place.until_empty().await;
    assert_eq!(place.world.titles(), numbers(0..3));
}

#[tokio::test]
async fn one_process_publishes_at_a_time_and_the_next_follows_when_it_drains() {
    let place = Place::new().await;
    let one = place.process("one", 1_000_000);
    place.tell("k", 0..1).await;
    place.until_empty().await;
    let _other = place.process("other", 1_000_000);
    for n in 1..50 {
        place.tell("k", [n]).await;
    }
    place.until_empty().await;
    assert_eq!(place.world.publishers(), ["one"; 50]);
    one.stop().await;
    place.tell("k", 50..51).await;
    place.until_empty().await;
    assert_eq!(place.world.publishers().last(), Some(&"other"));
    assert_eq!(place.world.titles(), numbers(0..51));
}

#[tokio::test]
async fn a_relay_that_dies_amid_a_batch_loses_nothing_and_keeps_the_order() {
    let place = Place::new().await;
    let doomed = place.process("doomed", 5);
    place.tell("a", 0..8).await;
    place.tell("b", 8..16).await;
    let stuck = async |place: &Place| place.world.titles().len() == 5;
    place.until("stuck", stuck).await;
    let _heir = place.process("heir", 1_000_000);
    doomed.kill();
    place.until_empty().await;
    let all = place.world.all();
    assert!(all[..5].iter().all(|(who, ..)| *who == "doomed"));
    let titles: Vec<_> = all[5..].iter().map(|(.., title)| title.clone()).collect();
    assert_eq!(titles, numbers(0..16));
}

#[tokio::test]
async fn who_has_lost_the_lease_publishes_nothing_more() {
    let place = Place::new().await;
    let zombie = place.process("zombie", 1);
    place.tell("k", 0..2).await;
    let stuck = async |place: &Place| place.world.titles().len() == 1;
    place.until("stuck", stuck).await;
    take_over(&place).await.unwrap();
    let gave_up = async |place: &Place| {
        take_over(place).await.unwrap();
        place.world.discarded.load(Ordering::SeqCst) > 0
    };
    place.until("given up", gave_up).await;
    zombie.gate.add_permits(1_000);
    // For longer than a lease, in which the other beats.
    for _ in 0..60 {
        take_over(&place).await.unwrap();
        sleep(LEASE / 40).await;
    }
    assert_eq!(place.world.titles(), ["0"]);
    assert_eq!(place.waiting().await, 2);
    zombie.stop().await;
    place.life.drain();
}

#[tokio::test]
async fn what_the_brokers_lose_is_published_again_in_its_order() {
    let place = Place::new().await;
    let one = place.process("one", 1_000_000);
    place.tell("k", 0..5).await;
    place.until_empty().await;
    // Noticed by the next message, which is not where it should be.
    place.world.published.lock().unwrap().clear();
    place.tell("k", 5..6).await;
    let all_there = async |place: &Place| place.world.titles().ends_with(&numbers(0..6));
    place.until("published again", all_there).await;
    one.stop().await;
    // Noticed by whoever asks, although nothing is published.
    place.world.published.lock().unwrap().clear();
    let _two = place.process("two", 1_000_000);
    place.until("published again", all_there).await;
    place.until_empty().await;
    assert_eq!(place.world.titles(), numbers(0..6));
}

#[tokio::test]
async fn what_was_published_is_published_again_when_that_is_asked_for() {
    let place = Place::new().await;
    let one = place.process("one", 1_000_000);
    place.tell("k", 0..3).await;
    place.until_empty().await;
    one.stop().await;
    place.tell("k", 3..5).await;
    assert_eq!(super::publish_again(&place.db).await.unwrap(), 3);
    let _two = place.process("two", 1_000_000);
    place.until_empty().await;
    assert_eq!(place.world.titles()[3..], numbers(0..5));
}

#[tokio::test]
async fn what_was_published_is_forgotten_after_a_while() {
    let place = Place::new().await;
    let _one = place.process("one", 1_000_000);
    place.tell("k", 0..3).await;
    place.until_empty().await;
    assert!(!super::kept::forget(&place.db, i64::MAX).await.unwrap());
    assert_eq!(super::publish_again(&place.db).await.unwrap(), 0);
}

/// Another process takes the lease, or beats.
async fn take_over(place: &Place) -> Result<(), DbError> {
    let take = "UPDATE bus_relay SET owner = 'other', fence = fence + 1, beat = beat + 1";
    let taken = place.db.write(async |mut tx| {
        sqlx::query(take).execute(tx.conn()).await?;
        tx.commit().await
    });
    taken.await
}
