//! What is published arrives.

use std::time::Duration;

use platform_bus::{Topic, outbox};
use tokio::time::Instant;

use super::Cluster;
use super::support::{by_key, event, message, nothing_comes, receive, text, topics};

pub(super) async fn messages_of_a_key_keep_their_order(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let expected: Vec<_> = (0..20).map(|n| format!("{n:02}")).collect();
    for batch in expected.chunks(3) {
        let messages = batch
            .iter()
            .flat_map(|n| ["a", "b", "c", "d", "e"].map(|key| message("t", key, n)));
        process.bus.publish(messages.collect()).await.unwrap();
    }
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let got = by_key(&receive(reader.as_mut(), 100).await);
    assert_eq!(got.len(), 5);
    assert!(
        got.values().all(|payloads| *payloads == expected),
        "{got:?}"
    );
    drop(reader);
    process.stop().await;
}

pub(super) async fn every_group_gets_every_message(cluster: &dyn Cluster) {
    let (one, other) = (cluster.process().await, cluster.process().await);
    let names = topics(&["t", "u"]);
    let mut before = one.bus.subscribe("before", &names).await.unwrap();
    for topic in ["t", "u"] {
        let messages = vec![message(topic, "k", topic), message(topic, "l", topic)];
        one.bus.publish(messages).await.unwrap();
    }
    let mut after = other.bus.subscribe("after", &names).await.unwrap();
    for reader in [&mut before, &mut after] {
        let got = receive(reader.as_mut(), 4).await;
        assert_eq!(got.len(), 4);
        assert!(got.iter().all(|delivery| text(delivery) == delivery.topic));
    }
    drop((before, after));
    one.stop().await;
    other.stop().await;
}

pub(super) async fn key_payload_and_headers_arrive_as_they_were(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let mut sent = message("t", "ключ/🎬\n", "");
    sent.payload = (0..=255).collect::<Vec<u8>>().into();
    sent.headers = vec![
        ("traceparent".to_owned(), "00-aa-bb-01".to_owned()),
        ("quoted".to_owned(), "\"a\\b\" – ü".to_owned()),
        ("empty".to_owned(), String::new()),
    ];
    process.bus.publish(vec![sent.clone()]).await.unwrap();
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let got = receive(reader.as_mut(), 1).await.remove(0);
    assert_eq!(
        (got.key.as_str(), &got.payload, &got.headers),
        (sent.key.as_str(), &sent.payload, &sent.headers)
    );
    assert_eq!(got.header("traceparent"), Some("00-aa-bb-01"));
    drop(reader);
    process.stop().await;
}

pub(super) async fn a_dropped_wait_loses_nothing(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let mut got = Vec::new();
    for n in 0..50 {
        let key = format!("k{}", n % 7);
        let publish = process.bus.publish(vec![message("t", &key, "x")]);
        tokio::select! {
            biased;
            messages = reader.next(10) => got.extend(messages.unwrap()),
            published = publish => published.unwrap(),
        }
    }
    process
        .bus
        .publish(vec![message("t", "end", "x")])
        .await
        .unwrap();
    while !got.iter().any(|delivery| delivery.key == "end") {
        got.extend(receive(reader.as_mut(), 1).await);
    }
    let published: u64 = process.bus.lag("g", "t").await.unwrap();
    while (got.len() as u64) < published {
        got.extend(receive(reader.as_mut(), 1).await);
    }
    nothing_comes(reader.as_mut()).await;
    assert_eq!(got.len() as u64, published);
    drop(reader);
    process.stop().await;
}

pub(super) async fn lag_counts_what_is_not_committed(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    assert_eq!(process.bus.lag("g", "t").await.unwrap(), 0);
    let messages = (0..5).map(|_| message("t", "k", "x")).collect();
    process.bus.publish(messages).await.unwrap();
    let got = receive(reader.as_mut(), 5).await;
    assert_eq!(process.bus.lag("g", "t").await.unwrap(), 5);
    for (delivery, left) in got.iter().zip([4, 3, 2, 1, 0]) {
        reader.commit(delivery).await.unwrap();
        assert_eq!(process.bus.lag("g", "t").await.unwrap(), left);
    }
    // What was committed before does not take it back.
    reader.commit(&got[0]).await.unwrap();
    assert_eq!(process.bus.lag("g", "t").await.unwrap(), 0);
    drop(reader);
    process.stop().await;
}

pub(super) async fn the_outbox_publishes_with_its_transaction_only(cluster: &dyn Cluster) {
    let process = cluster.process().await;
    let Some(db) = process.db.clone() else {
        return process.stop().await;
    };
    let topic = Topic::Videos;
    let names = topics(&[topic.name()]);
    let mut reader = process.bus.subscribe("g", &names).await.unwrap();
    let mut given_up = db.begin().await.unwrap();
    outbox::append(&mut given_up, topic, "k", &event("never"))
        .await
        .unwrap();
    drop(given_up);
    let mut kept = db.begin().await.unwrap();
    outbox::append(&mut kept, topic, "k", &event("kept"))
        .await
        .unwrap();
    nothing_comes(reader.as_mut()).await;
    kept.commit().await.unwrap();
    let got = receive(reader.as_mut(), 1).await;
    assert_eq!(got[0].payload, schemas::encode(&event("kept")));
    nothing_comes(reader.as_mut()).await;
    drop(reader);
    process.stop().await;
}

#[expect(
    clippy::print_stdout,
    reason = "the rate is for whoever runs the suite"
)]
pub(super) async fn ten_thousand_messages_arrive(cluster: &dyn Cluster) {
    const COUNT: usize = 10_000;
    let process = cluster.process().await;
    let mut reader = process.bus.subscribe("g", &topics(&["t"])).await.unwrap();
    let begin = Instant::now();
    let publish = async {
        for batch in 0..10 {
            let numbers = batch * 1000..(batch + 1) * 1000;
            let messages =
                numbers.map(|n| message("t", &format!("video-{}", n % 300), &n.to_string()));
            process.bus.publish(messages.collect()).await.unwrap();
        }
        begin.elapsed()
    };
    let consume = async {
        let mut got = Vec::new();
        while got.len() < COUNT {
            let messages = reader.next(256).await.unwrap();
            for delivery in last_of_each_partition(&messages) {
                reader.commit(delivery).await.unwrap();
            }
            got.extend(messages);
        }
        got
    };
    let (published, got) = tokio::join!(publish, consume);
    let rate = |time: Duration| 10_000.0 / time.as_secs_f64();
    println!(
        "10,000 messages: {:.0}/s published, {:.0}/s through",
        rate(published),
        rate(begin.elapsed())
    );
    let mut numbers: Vec<usize> = got.iter().map(|d| text(d).parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>());
    drop(reader);
    process.stop().await;
}

fn last_of_each_partition(
    messages: &[platform_bus::Delivery],
) -> impl Iterator<Item = &platform_bus::Delivery> {
    let last = |at: usize, partition| messages[at + 1..].iter().all(|d| d.partition != partition);
    messages
        .iter()
        .enumerate()
        .filter_map(move |(at, delivery)| last(at, delivery.partition).then_some(delivery))
}
