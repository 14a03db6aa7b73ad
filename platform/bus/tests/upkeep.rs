//! What the embedded bus does when nobody looks.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::time::Duration;

use platform_bus::{Bus as _, EmbeddedBus, Outgoing, Settings};
use platform_core::Lifecycle;
use platform_db::Db;

struct Place {
    dir: tempfile::TempDir,
    lifecycle: Lifecycle,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            lifecycle: Lifecycle::new(),
        }
    }

    async fn open(&self, settings: Settings) -> (Db, EmbeddedBus) {
        let db = testkit::rows::open(self.dir.path(), &self.lifecycle).await;
        let bus = EmbeddedBus::open_with(db.clone(), &self.lifecycle, settings)
            .await
            .unwrap();
        (db, bus)
    }
}

fn message(topic: &str, key: &str) -> Outgoing {
    Outgoing {
        topic: topic.to_owned(),
        key: key.to_owned(),
        payload: "x".into(),
        headers: vec![("dlq-topic".to_owned(), "t".to_owned())],
    }
}

async fn topics_in_log(db: &Db) -> Vec<String> {
    sqlx::query_scalar("SELECT topic FROM bus_log ORDER BY topic, part, pos")
        .fetch_all(db.reader())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_go_when_every_group_has_committed_them_and_dead_letters_stay() {
    let place = Place::new();
    let (db, bus) = place.open(Settings::default()).await;
    let both = ["t".to_owned(), "u".to_owned()];
    let mut quick = bus.subscribe("quick", &both).await.unwrap();
    let _slow = bus.subscribe("slow", &both[1..]).await.unwrap();
    let messages = ["t", "t.dlq", "u", "unread"].map(|topic| message(topic, "k"));
    bus.publish(messages.to_vec()).await.unwrap();
    let mut left = 2;
    while left > 0 {
        for delivery in quick.next(10).await.unwrap() {
            quick.commit(&delivery).await.unwrap();
            left -= 1;
        }
    }
    let impatient = Settings {
        // A message of this very millisecond is not older than now.
        retention: Duration::ZERO,
        ..Settings::default()
    };
    let mut changes = db.changes();
    let (_db, _bus) = place.open(impatient).await;
    let gone = async {
        while topics_in_log(&db).await.len() > 2 {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .unwrap();
    assert_eq!(topics_in_log(&db).await, ["t.dlq", "u"]);
    assert_eq!(bus.lag("quick", "t").await.unwrap(), 0);
    assert_eq!(bus.lag("slow", "u").await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_goes_back_to_its_topic_once() {
    let place = Place::new();
    let (_db, bus) = place.open(Settings::default()).await;
    bus.publish(vec![message("t.dlq", "k")]).await.unwrap();
    let dead = bus.dead_letters().unwrap();
    let letters = dead.list(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].topic, "t");
    let letter = &letters[0].message;
    let (topic, at, offset) = (&letter.topic, letter.partition, letter.offset);
    // What is no dead letter is none.
    let live = topic.trim_end_matches(".dlq");
    assert!(!dead.discard(live, at, offset).await.unwrap());
    assert!(dead.replay(topic, at, offset).await.unwrap());
    assert!(!dead.replay(topic, at, offset).await.unwrap());
    assert!(!dead.discard(topic, at, offset).await.unwrap());
    assert_eq!(dead.list(10).await.unwrap(), []);
    let mut reader = bus.subscribe("g", &["t".to_owned()]).await.unwrap();
    let got = reader.next(10).await.unwrap();
    assert_eq!((got.len(), got[0].key.as_str()), (1, "k"));
    assert_eq!(got[0].headers, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_groups_cost_one_write_per_beat_of_the_process() {
    let place = Place::new();
    let lease = Duration::from_millis(600);
    let settings = Settings {
        lease,
        ..Settings::default()
    };
    let (db, bus) = place.open(settings).await;
    let mut members = Vec::new();
    for n in 0..10 {
        let group = format!("group-{n}");
        members.push(bus.subscribe(&group, &["t".to_owned()]).await.unwrap());
    }
    let beats = async || -> i64 {
        sqlx::query_scalar("SELECT max(beat) FROM bus_process")
            .fetch_one(db.reader())
            .await
            .unwrap()
    };
    let epoch = async || -> i64 {
        sqlx::query_scalar("SELECT epoch FROM bus_epoch")
            .fetch_one(db.reader())
            .await
            .unwrap()
    };
    let mut changes = db.changes();
    let begin = beats().await;
    while beats().await < begin + 2 {
        changes.changed().await.unwrap();
    }
    let (settled, from) = (epoch().await, *changes.borrow_and_update());
    let begin = beats().await;
    while beats().await < begin + 5 {
        changes.changed().await.unwrap();
    }
    assert_eq!(epoch().await, settled);
    // Each commit shows twice: as it is made, and to the watch for other processes.
    let count = *changes.borrow() - from;
    assert!(count <= 12, "{count} changes for five beats");
}
