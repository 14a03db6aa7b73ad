//! The peer of an event's way: a producer and a consumer, and nothing but the brokers between.

use std::collections::HashMap;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// As the topics of Marquee have.
const PARTITIONS: i32 = 8;

/// Bytes of an event that tells of an upload.
const PAYLOAD: [u8; 256] = [7; 256];

/// A producer and a consumer on a topic of their own.
pub(super) struct Bare {
    admin: AdminClient<DefaultClientContext>,
    topic: String,
    producer: FutureProducer,
    heard: UnboundedReceiver<(String, Instant)>,
    _consumer: JoinSet<()>,
    count: u64,
}

impl Bare {
    pub(super) async fn start() -> Self {
        let brokers = testkit::real::kafka();
        let client = || {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", &brokers);
            config
        };
        let topic = format!("bench-{:08x}", rand::random::<u32>());
        let admin: AdminClient<_> = client().create().expect("a client");
        let wanted = NewTopic::new(&topic, PARTITIONS, TopicReplication::Fixed(-1));
        let made = admin.create_topics(&[wanted], &AdminOptions::new()).await;
        made.expect("an answer").remove(0).expect("a topic");
        let mut producer = client();
        producer
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "0");
        let mut consumer = client();
        consumer
            .set("group.id", &topic)
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false");
        let consumer: StreamConsumer = consumer.create().expect("a client");
        consumer.subscribe(&[&topic]).expect("a subscription");
        let (tell, heard) = unbounded_channel();
        let mut consuming = JoinSet::new();
        consuming.spawn(async move {
            loop {
                // What is not there at first comes later.
                let Ok(message) = consumer.recv().await else {
                    continue;
                };
                let now = Instant::now();
                let key = String::from_utf8_lossy(message.key().unwrap_or_default());
                if tell.send((key.into_owned(), now)).is_err() {
                    return;
                }
            }
        });
        let mut bare = Self {
            admin,
            topic,
            producer: producer.create().expect("a client"),
            heard,
            _consumer: consuming,
            count: 0,
        };
        // The first has the group to wait for.
        for _ in 0..PARTITIONS {
            bare.times(1).await;
        }
        bare
    }

    /// Seconds that each of so many messages at once takes from one end to the other.
    pub(super) async fn times(&mut self, at_once: usize) -> Vec<f64> {
        let mut sent = HashMap::new();
        let mut acknowledged = Vec::new();
        for _ in 0..at_once {
            self.count += 1;
            let key = format!("{:026}", self.count);
            let record = FutureRecord::to(&self.topic).key(&key).payload(&PAYLOAD);
            let begun = Instant::now();
            let sending = self.producer.send_result(record);
            acknowledged.push(sending.map_err(|(error, _)| error).expect("room"));
            sent.insert(key, begun);
        }
        let mut times = Vec::new();
        while times.len() < at_once {
            let (key, at) = self.heard.recv().await.expect("it goes on");
            let begun = sent.remove(&key).expect("each comes once");
            times.push(at.duration_since(begun).as_secs_f64());
        }
        for one in acknowledged {
            let acknowledged = one.await.expect("it goes on");
            acknowledged
                .map_err(|(error, _)| error)
                .expect("it is kept");
        }
        times
    }

    pub(super) async fn end(self) {
        let topics = [self.topic.as_str()];
        let gone = self.admin.delete_topics(&topics, &AdminOptions::new());
        gone.await
            .expect("an answer")
            .remove(0)
            .expect("our own topic");
    }
}
