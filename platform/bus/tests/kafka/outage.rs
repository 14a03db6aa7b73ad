//! A broker that fails under load, and one that wants to know who comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use platform_bus::{Bus, Config, KafkaBus, Mechanism, Security, Topic, outbox};
use platform_core::{Lifecycle, Redacted};
use platform_db::{Db, DbError};
use schemas::v1::{Event, VideoChanged, event::Payload};
use testkit::conformance::bus::Cluster as _;
use testkit::stage::{PATIENCE, eventually};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::brokers::Broker;
use super::cluster::Kafka;

const KEYS: usize = 7;
const EVENTS: usize = 600;

fn event(number: usize) -> Event {
    let changed = VideoChanged {
        title: number.to_string(),
        ..VideoChanged::default()
    };
    Event {
        payload: Some(Payload::VideoChanged(changed)),
        ..Event::default()
    }
}

async fn tell(db: &Db, number: usize) {
    let key = format!("video-{}", number % KEYS);
    let told = db.write(async |mut tx| {
        outbox::append(&mut tx, Topic::Videos, &key, &event(number)).await?;
        tx.commit().await?;
        Ok::<_, DbError>(())
    });
    told.await.unwrap();
}

/// Counts the numbers that have come until all have, those of a key in `order` if so.
async fn listen(bus: Arc<dyn Bus>, heard: mpsc::UnboundedSender<usize>, order: bool) {
    let topics = [Topic::Videos.name().to_owned()];
    let mut reader = bus.subscribe("g", &topics).await.unwrap();
    let mut seen = BTreeMap::<String, Vec<usize>>::new();
    let mut count = 0;
    while count < EVENTS {
        // While the broker is away there is nothing to read, and commits fail.
        for delivery in reader.next(50).await.unwrap_or_default() {
            let event = schemas::decode(&delivery.payload).unwrap();
            let Some(Payload::VideoChanged(changed)) = event.payload else {
                continue;
            };
            let number = changed.title.parse().unwrap();
            let numbers = seen.entry(delivery.key.clone()).or_default();
            if !numbers.contains(&number) {
                assert!(!order || numbers.last().is_none_or(|last| *last < number));
                numbers.push(number);
                count += 1;
                heard.send(count).unwrap();
            }
            reader.commit(&delivery).await.unwrap_or_default();
        }
    }
    reader.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_broker_that_dies_under_load_and_comes_back_loses_nothing() {
    let broker = Arc::new(Broker::start());
    let kafka = Kafka::on(broker.address());
    let process = kafka.process().await;
    let db = process.db.clone().unwrap();
    let (heard, mut progress) = mpsc::unbounded_channel();
    process.spawn(listen(Arc::clone(&process.bus), heard, true));
    let restart = async || {
        let broker = Arc::clone(&broker);
        let restart = move || {
            broker.kill();
            broker.begin();
        };
        tokio::task::spawn_blocking(restart).await.unwrap();
    };
    let mut reached = async |count: usize| {
        while timeout(PATIENCE, progress.recv()).await.unwrap().unwrap() < count {}
    };
    for number in 0..EVENTS / 2 {
        tell(&db, number).await;
    }
    reached(EVENTS / 4).await;
    tokio::join!(restart(), async {
        for number in EVENTS / 2..EVENTS {
            tell(&db, number).await;
        }
    });
    reached(EVENTS).await;
    drop(db);
    process.stop().await;
}

/// R5: what nobody has read yet is there again, without anything being started again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_broker_that_loses_everything_gets_it_again() {
    let broker = Arc::new(Broker::start());
    let kafka = Kafka::on(broker.address());
    let process = kafka.process().await;
    let db = process.db.clone().unwrap();
    for number in 0..EVENTS / 2 {
        tell(&db, number).await;
    }
    eventually("everything is on the broker", async || {
        let waiting = sqlx::query_scalar("SELECT count(*) FROM bus_outbox");
        let waiting: i64 = waiting.fetch_one(db.reader()).await.unwrap();
        waiting == 0
    })
    .await;
    let wiped = Arc::clone(&broker);
    tokio::task::spawn_blocking(move || wiped.wipe())
        .await
        .unwrap();
    let begin = Instant::now();
    let (heard, mut progress) = mpsc::unbounded_channel();
    // What is told before the loss is noticed comes before what was lost, and again after it.
    process.spawn(listen(Arc::clone(&process.bus), heard, false));
    for number in EVENTS / 2..EVENTS {
        tell(&db, number).await;
    }
    while timeout(PATIENCE, progress.recv()).await.unwrap().unwrap() < EVENTS {}
    println!("there again after {:?}", begin.elapsed());
    drop(db);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a real Kafka: script/test --real"]
async fn a_user_is_let_in_by_the_right_password_only() {
    let broker = Broker::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "right\n").unwrap();
    let config = Config {
        brokers: Some(broker.sasl_address()),
        security: Security::SaslPlaintext,
        sasl_mechanism: Mechanism::Plain,
        username: Some("marquee".to_owned()),
        password_file: Some(file),
        ..Config::default()
    };
    let life = Lifecycle::new();
    KafkaBus::open(&config, &life).await.unwrap();
    let wrong = Config {
        password: Some(Redacted::new("wrong")),
        password_file: None,
        ..config
    };
    let refused = KafkaBus::open(&wrong, &life).await.unwrap_err();
    let told = refused.to_string();
    assert!(told.contains("check events.username"), "{told}");
    life.drain();
}
