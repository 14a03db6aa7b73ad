//! Members come, go and die.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use platform_bus::{BusError, Subscription};

use super::support::{by_key, eventually, message, nothing_comes, receive, text, topics};
use super::{Cluster, Process};

pub(super) async fn a_group_goes_on_from_where_it_committed(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let messages = (0..5).map(|n| message("t", "k", &n.to_string()));
    process.bus.publish(messages.collect()).await.unwrap();
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let got = receive(reader.as_mut(), 5).await;
    reader.commit(&got[2]).await.unwrap();
    drop(reader);
    process.kill();

    let again = cluster.process().await;
    let mut reader = again.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let got = receive(reader.as_mut(), 2).await;
    assert_eq!(got.iter().map(text).collect::<Vec<_>>(), ["3", "4"]);
    nothing_comes(reader.as_mut()).await;
    drop(reader);
    again.stop().await;
}

pub(super) async fn what_a_dead_member_had_not_committed_comes_again(cluster: &dyn Cluster) {
    let (dies, lives) = (cluster.process().await, cluster.process().await);
    let mut doomed = dies.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let messages = (0..3).map(|n| message("t", "k", &n.to_string()));
    dies.bus.publish(messages.collect()).await.unwrap();
    let got = receive(doomed.as_mut(), 3).await;
    doomed.commit(&got[0]).await.unwrap();
    let mut heir = lives.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    dies.kill();
    let got = receive(heir.as_mut(), 2).await;
    assert_eq!(got.iter().map(text).collect::<Vec<_>>(), ["1", "2"]);
    drop(heir);
    lives.stop().await;
}

pub(super) async fn who_lost_a_partition_cannot_commit(cluster: &dyn Cluster) {
    let (stalls, lives) = (cluster.process().await, cluster.process().await);
    let mut zombie = stalls.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    stalls
        .bus
        .publish(vec![message("t", "k", "x")])
        .await
        .unwrap();
    let old = receive(zombie.as_mut(), 1).await;
    let mut heir = lives.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    // Its upkeep stands still; the member itself goes on.
    stalls.kill();
    let new = receive(heir.as_mut(), 1).await;
    assert_eq!(new[0].offset, old[0].offset);
    let refused = zombie.commit(&old[0]).await;
    assert!(matches!(refused, Err(BusError::Lost)), "{refused:?}");
    assert_eq!(lives.bus.lag("g", "t").await.unwrap(), 1);
    heir.commit(&new[0]).await.unwrap();
    assert_eq!(lives.bus.lag("g", "t").await.unwrap(), 0);
    drop(heir);
    lives.stop().await;
}

pub(super) async fn a_held_partition_waits_and_others_do_not(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let keys: Vec<_> = (0..20).map(|n| format!("k{n}")).collect();
    let publish = async |text: &str| {
        let messages = keys.iter().map(|key| message("t", key, text));
        process.bus.publish(messages.collect()).await.unwrap();
    };
    publish("1").await;
    let first = receive(reader.as_mut(), keys.len()).await;
    let held = first[0].partition;
    let (waiting, coming): (Vec<_>, Vec<_>) = first.iter().partition(|d| d.partition == held);
    reader.hold("t", held, true);
    publish("2").await;
    let got = receive(reader.as_mut(), coming.len()).await;
    assert!(got.iter().all(|delivery| delivery.partition != held));
    nothing_comes(reader.as_mut()).await;
    reader.hold("t", held, false);
    let rest = by_key(&receive(reader.as_mut(), waiting.len()).await);
    assert_eq!(rest.len(), waiting.len());
    assert_eq!(rest[&first[0].key], ["2"]);
    drop(reader);
    process.stop().await;
}

/// What each member has seen, in order.
type Seen = Arc<Mutex<Vec<(&'static str, String, u32)>>>;

async fn member(name: &'static str, process: &Process, seen: &Seen) {
    let reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let (seen, lifecycle) = (Arc::clone(seen), process.lifecycle.clone());
    let work = async move {
        tokio::select! {
            () = lifecycle.draining() => {}
            // The reader is dropped without a word when this ends by draining.
            () = read(name, reader, &seen) => {}
        }
    };
    process.spawn(work);
}

async fn read(name: &'static str, mut reader: Box<dyn Subscription>, seen: &Seen) {
    loop {
        for delivery in reader.next(5).await.unwrap() {
            let number = text(&delivery).parse().unwrap();
            seen.lock()
                .unwrap()
                .push((name, delivery.key.clone(), number));
            match reader.commit(&delivery).await {
                Ok(()) | Err(BusError::Lost) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }
}

pub(super) async fn members_come_go_and_die_and_nothing_is_lost(cluster: &dyn Cluster) {
    let keys: Vec<_> = (0..16).map(|n| format!("key-{n}")).collect();
    let publisher = cluster.process().await;
    let seen = Seen::default();
    let mut round = 0;
    let mut publish = async |rounds: u32| {
        for _ in 0..rounds {
            let messages = keys.iter().map(|key| message("t", key, &round.to_string()));
            publisher.bus.publish(messages.collect()).await.unwrap();
            round += 1;
        }
        round
    };
    let reads = async |name: &str| {
        let begin = seen.lock().unwrap().len();
        let new = || {
            let seen = seen.lock().unwrap();
            seen[begin..].iter().any(|(who, ..)| *who == name)
        };
        eventually(&format!("{name} reads"), async || new()).await;
    };
    let [a, b, c] = [
        cluster.process().await,
        cluster.process().await,
        cluster.process().await,
    ];
    member("a", &a, &seen).await;
    publish(5).await;
    reads_all(&seen, &keys, 5).await;
    member("b", &b, &seen).await;
    member("c", &c, &seen).await;
    // Whoever got partitions reads from now on what is published on them.
    for name in ["a", "b", "c"] {
        let waiting = reads(name);
        tokio::pin!(waiting);
        loop {
            publish(1).await;
            let soon = std::time::Duration::from_millis(30);
            if tokio::time::timeout(soon, &mut waiting).await.is_ok() {
                break;
            }
        }
    }
    publish(5).await;
    b.kill();
    publish(5).await;
    c.stop().await;
    let rounds = publish(5).await;
    reads_all(&seen, &keys, rounds).await;
    eventually("all is committed", async || {
        publisher.bus.lag("g", "t").await.unwrap() == 0
    })
    .await;
    nothing_was_skipped(&seen);
    a.stop().await;
    publisher.stop().await;
}

async fn reads_all(seen: &Seen, keys: &[String], rounds: u32) {
    eventually("every message is read", async || {
        let seen = seen.lock().unwrap();
        let distinct: BTreeSet<_> = seen.iter().map(|(_, key, n)| (key, n)).collect();
        distinct.len() == keys.len() * rounds as usize
    })
    .await;
}

/// The first delivery of each message of a key comes in order.
fn nothing_was_skipped(seen: &Seen) {
    let mut next = BTreeMap::<String, u32>::new();
    for (who, key, number) in seen.lock().unwrap().iter() {
        let expected = next.entry(key.clone()).or_default();
        assert!(
            number <= expected,
            "{who} read {key} {number} before {expected}"
        );
        if number == expected {
            *expected += 1;
        }
    }
}
