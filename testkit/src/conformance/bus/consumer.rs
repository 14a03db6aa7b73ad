//! What becomes of an event that a handler does, or does not, handle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use platform_bus::{
    DeadLetter, Failure, Handler, Patience, Topic, consume_with, dead_letter_topic, publish_event,
};
use platform_core::backoff::Backoff;
use schemas::v1::Event;
use tokio::sync::Semaphore;

use super::support::{event, eventually, message, receive, title};
use super::{Cluster, Process};

const TOPIC: Topic = Topic::Videos;

#[derive(Debug, thiserror::Error)]
#[error("the shelf is {0}")]
struct Shelf(&'static str);

#[derive(Debug, thiserror::Error)]
#[error("the film cannot be put away")]
struct Outer(#[source] Shelf);

/// Does what the titles of events tell it.
struct Scripted {
    /// How often each title was handled, and which ended well, in order.
    calls: Mutex<BTreeMap<String, u32>>,
    done: Mutex<Vec<String>>,
    /// "wait" takes a permit.
    gate: Semaphore,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            done: Mutex::default(),
            gate: Semaphore::new(0),
        }
    }
}

impl Scripted {
    fn calls(&self, title: &str) -> u32 {
        *self.calls.lock().unwrap().get(title).unwrap_or(&0)
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

#[async_trait]
impl Handler for Scripted {
    fn group(&self) -> &'static str {
        "scripted"
    }

    fn topics(&self) -> &'static [Topic] {
        &[TOPIC]
    }

    async fn handle(&self, _key: &str, event: Event) -> Result<(), Failure> {
        let title = title(&event);
        let call = {
            let mut calls = self.calls.lock().unwrap();
            let call = calls.entry(title.clone()).or_default();
            *call += 1;
            *call
        };
        match title.as_str() {
            "away" if call < 10 => return Err(Failure::away(Shelf("not there"))),
            "later" if call < 3 => return Err(Failure::retry(Shelf("locked"))),
            "never" => return Err(Failure::retry(Outer(Shelf("full")))),
            "poison" => return Err(Failure::poison(Outer(Shelf("broken")))),
            "panic" => panic!("the shelf fell down"),
            "hang" => std::future::pending::<()>().await,
            "wait" => self.gate.acquire().await.unwrap().forget(),
            _ => {}
        }
        self.done.lock().unwrap().push(title);
        Ok(())
    }
}

fn patience() -> Patience {
    Patience {
        backoff: Backoff {
            first: Duration::from_millis(2),
            limit: Duration::from_millis(10),
            attempts: 4,
        },
        call: Duration::from_secs(20),
    }
}

fn start(process: &Process, patience: Patience) -> Arc<Scripted> {
    let handler = Arc::new(Scripted::default());
    let consumer = consume_with(
        Arc::clone(&process.bus),
        Arc::<Scripted>::clone(&handler),
        process.lifecycle.clone(),
        patience,
    );
    process.spawn(consumer);
    handler
}

async fn publish(process: &Process, key: &str, title: &str) {
    publish_event(&process.bus, TOPIC, key, &event(title))
        .await
        .unwrap();
}

async fn is_done(handler: &Scripted, titles: &[&str]) {
    eventually("the events are handled", async || handler.done() == titles).await;
}

async fn dead_letters(process: &Process, count: usize) -> Vec<DeadLetter> {
    let names = [dead_letter_topic(TOPIC.name())];
    let mut reader = process.bus.subscribe("undertaker", &names).await.unwrap();
    let letters = receive(reader.as_mut(), count).await;
    assert_eq!(letters.len(), count);
    reader.close().await;
    letters.into_iter().map(DeadLetter::new).collect()
}

async fn all_is_committed(process: &Process) {
    eventually("all is committed", async || {
        let lag = process.bus.lag("scripted", TOPIC.name()).await;
        lag.unwrap() == 0
    })
    .await;
}

pub(super) async fn a_passing_failure_is_tried_again(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let handler = start(&process, patience());
    publish(&process, "k", "later").await;
    publish(&process, "k", "next").await;
    is_done(&handler, &["later", "next"]).await;
    assert_eq!(handler.calls("later"), 3);
    all_is_committed(&process).await;
    process.stop().await;
}

pub(super) async fn what_is_away_is_waited_for_however_often(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let handler = start(&process, patience());
    publish(&process, "k", "away").await;
    publish(&process, "k", "next").await;
    is_done(&handler, &["away", "next"]).await;
    assert_eq!(handler.calls("away"), 10);
    all_is_committed(&process).await;
    process.stop().await;
}

pub(super) async fn a_lasting_failure_becomes_a_dead_letter_after_the_last_attempt(
    cluster: &dyn Cluster,
) {
    let process = cluster.process().await;
    let handler = start(&process, patience());
    publish(&process, "k", "never").await;
    publish(&process, "k", "next").await;
    is_done(&handler, &["next"]).await;
    assert_eq!(handler.calls("never"), 4);
    let letter = dead_letters(&process, 1).await.remove(0);
    assert_eq!(
        letter.reason,
        "the film cannot be put away: the shelf is full"
    );
    assert_eq!((letter.attempts, letter.group.as_str()), (4, "scripted"));
    assert_eq!(letter.topic, TOPIC.name());
    assert_eq!(letter.message.key, "k");
    assert_eq!(letter.message.payload, schemas::encode(&event("never")));
    assert!(letter.message.header("event-id").is_some());
    assert!(letter.message.header("dlq-offset").is_some());
    all_is_committed(&process).await;
    process.stop().await;
}

pub(super) async fn poison_and_nonsense_become_dead_letters_at_once(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let handler = start(&process, patience());
    publish(&process, "k", "poison").await;
    let nonsense = message(TOPIC.name(), "k", "\u{7f}not an event");
    process.bus.publish(vec![nonsense]).await.unwrap();
    publish(&process, "k", "next").await;
    is_done(&handler, &["next"]).await;
    assert_eq!(handler.calls("poison"), 1);
    let letters = dead_letters(&process, 2).await;
    assert!(letters.iter().all(|letter| letter.attempts == 1));
    let reasons: Vec<_> = letters
        .iter()
        .map(|letter| letter.reason.as_str())
        .collect();
    assert!(reasons[0].ends_with("the shelf is broken"), "{reasons:?}");
    assert!(reasons[1].contains("not a marquee.v1.Event"), "{reasons:?}");
    process.stop().await;
}

pub(super) async fn panics_and_hangs_are_failures(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let mut hasty = patience();
    hasty.call = Duration::from_millis(100);
    let handler = start(&process, hasty);
    publish(&process, "k", "panic").await;
    publish(&process, "k", "hang").await;
    publish(&process, "k", "next").await;
    is_done(&handler, &["next"]).await;
    assert_eq!((handler.calls("panic"), handler.calls("hang")), (4, 4));
    let letters = dead_letters(&process, 2).await;
    assert!(letters[0].reason.contains("panicked"), "{letters:?}");
    assert!(letters[1].reason.contains("did not end"), "{letters:?}");
    process.stop().await;
}

pub(super) async fn a_slow_partition_keeps_nobody_waiting(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let handler = start(&process, patience());
    publish(&process, "slow", "wait").await;
    // More than a consumer cares to keep waiting in memory.
    let queue = (0..600).map(|_| message(TOPIC.name(), "slow", ""));
    process.bus.publish(queue.collect()).await.unwrap();
    for n in 0..40 {
        publish(&process, &format!("other-{n}"), "quick").await;
    }
    // Some share the slow one's partition, most do not.
    eventually("others are handled", async || handler.done().len() >= 25).await;
    assert!(!handler.done().contains(&"wait".to_owned()));
    handler.gate.add_permits(1);
    eventually("all are handled", async || handler.done().len() == 641).await;
    all_is_committed(&process).await;
    process.stop().await;
}

pub(super) async fn draining_finishes_what_is_under_way(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let watcher = cluster.process().await;
    let handler = start(&process, patience());
    publish(&process, "k", "wait").await;
    publish(&process, "k", "next").await;
    eventually("the handler works", async || handler.calls("wait") == 1).await;
    process.lifecycle.drain();
    handler.gate.add_permits(1);
    process.stop().await;
    assert_eq!(handler.done(), ["wait"]);
    assert_eq!(watcher.bus.lag("scripted", TOPIC.name()).await.unwrap(), 1);
    // Who left in order is not waited for.
    let handler = start(&watcher, patience());
    is_done(&handler, &["next"]).await;
    watcher.stop().await;
}
