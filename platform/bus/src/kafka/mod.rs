//! The bus on Kafka.
//!
//! An idempotent producer and consumer groups with cooperative-sticky assignment. Offsets are
//! committed after the effect, under the group's generation, so that a member that was thought
//! dead commits nothing. Each member has a thread of its own that polls for it: long work never
//! costs it its membership.

mod client;
mod holdings;
mod lag;
mod outlet;
mod publisher;
mod reader;
mod subscription;
mod topics;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use platform_core::Lifecycle;
use platform_db::{Db, MigrateError, Outbox};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::config::Config;
use crate::outbox::Relay;
use crate::{Bus, BusError, Outgoing, Subscription, Topic, dead_letter_topic};
use client::{Names, explain};
use lag::Lags;
use outlet::KafkaOutlet;
use publisher::Publisher;
use reader::{Command, Context, Reader, Shared};
use subscription::KafkaSubscription;

/// How long a publisher waits for the brokers before it is told that they are away.
const PUBLISH: Duration = Duration::from_secs(20);

/// How long a relay that died keeps others from taking over.
const RELAY: Duration = Duration::from_secs(5);

/// How long the lag is asked for again when the brokers do not know.
const LAG: Duration = Duration::from_secs(5);

/// What else may be wrong.
const NO_CERTIFICATE: &str =
    "; if it asks clients for a certificate, set events.certificate_file and events.key_file";

/// A bus that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenKafkaError {
    /// No broker answers.
    #[error(
        "no event broker answers at {brokers} ({reason}): check events.brokers and \
         events.security, and that a broker runs there{}",
        if *.anonymous { NO_CERTIFICATE } else { "" }
    )]
    Away {
        /// Where.
        brokers: String,
        /// What the last attempt came to.
        reason: String,
        /// Whether it was over TLS without a certificate of our own: with TLS 1.3 a broker that
        /// wants one is only seen to end the connection.
        anonymous: bool,
    },
    /// User or password are wrong.
    #[error(
        "the event brokers refuse the user ({reason}): check events.username, \
         events.password_file and events.sasl_mechanism"
    )]
    Refused {
        /// In the brokers' words.
        reason: String,
    },
    /// A certificate is wrong.
    #[error(
        "the connection to the event brokers cannot be secured ({reason}): check events.ca_file, \
         events.certificate_file, events.key_file and the names in events.brokers"
    )]
    Tls {
        /// In the library's words.
        reason: String,
    },
    /// A user is needed.
    #[error("events.security asks for a user: set events.username and events.password_file")]
    NoUser,
    /// A file of the configuration cannot be read.
    #[error("the file of events.{key}, {file}, cannot be read")]
    File {
        /// Which key.
        key: &'static str,
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The user may not make topics.
    #[error(
        "the event brokers do not let this user make the topic {topic}: make it with Kafka's \
         tools, or allow the user to create and describe topics"
    )]
    Rights {
        /// Which topic.
        topic: String,
    },
    /// There are not enough brokers.
    #[error(
        "there are fewer event brokers than copies of the topic {topic}: lower \
         events.replication, or add brokers"
    )]
    Replication {
        /// Which topic.
        topic: String,
    },
    /// The brokers refuse a topic.
    #[error("the topic {topic} cannot be made: {code}")]
    Make {
        /// Which topic.
        topic: String,
        /// Why.
        code: RDKafkaErrorCode,
    },
    /// Topics that were made are not seen.
    #[error("the topics were made, but the event brokers do not show them: start again")]
    Spread,
    /// The library refuses its settings.
    #[error("the section [events] cannot be used")]
    Settings(#[source] KafkaError),
    /// The table of the outbox cannot be made.
    #[error("the table of the outbox cannot be made")]
    Outbox(#[from] MigrateError),
    /// The process ends.
    #[error("the search for event brokers was ended")]
    Ended(#[source] tokio::task::JoinError),
}

/// Who is on the bus in this process.
#[derive(Debug, Default)]
struct Members {
    threads: Mutex<Vec<Sender<Command>>>,
    count: watch::Sender<usize>,
}

impl Members {
    fn add(&self, commands: Sender<Command>) {
        let guard = self.threads.lock();
        let mut threads = guard.unwrap_or_else(PoisonError::into_inner);
        // Those that have ended take no more.
        threads.retain(|thread| thread.send(Command::Look).is_ok());
        threads.push(commands);
        self.count.send_modify(|count| *count += 1);
    }

    fn close_all(&self) {
        let guard = self.threads.lock();
        for thread in guard.unwrap_or_else(PoisonError::into_inner).drain(..) {
            thread.send(Command::Close(None)).unwrap_or_default();
        }
    }
}

/// Nobody reads on when the runtime goes, orderly or not.
struct CloseAll(Arc<Members>);

impl Drop for CloseAll {
    fn drop(&mut self) {
        self.0.close_all();
    }
}

/// The bus on Kafka.
#[derive(Debug)]
pub struct KafkaBus {
    config: Config,
    settings: ClientConfig,
    names: Names,
    topics: Vec<String>,
    publisher: Publisher,
    lags: Arc<Lags>,
    members: Arc<Members>,
}

impl KafkaBus {
    /// Opens the bus, with every topic and its dead letters. Waits for brokers that do not answer
    /// yet, for as long as configured. Its subscriptions are closed when `lifecycle` stops.
    pub async fn open(config: &Config, lifecycle: &Lifecycle) -> Result<Self, OpenKafkaError> {
        let topics = Topic::ALL.iter().map(|topic| topic.name());
        let both = topics.flat_map(|name| [name.to_owned(), dead_letter_topic(name)]);
        Self::open_with(config, &both.collect::<Vec<_>>(), lifecycle).await
    }

    /// Like [`KafkaBus::open`], with topics of one's own.
    pub async fn open_with(
        config: &Config,
        topics: &[String],
        lifecycle: &Lifecycle,
    ) -> Result<Self, OpenKafkaError> {
        let settings = client::settings(config)?;
        topics::ensure(&settings, config, topics).await?;
        let names = Names::new(config);
        let publisher = Publisher::new(settings.clone(), names.clone());
        let members = Arc::new(Members::default());
        let guard = CloseAll(Arc::clone(&members));
        let life = lifecycle.clone();
        lifecycle.spawn(async move {
            let mut count = guard.0.count.subscribe();
            life.draining().await;
            tokio::select! {
                () = life.stopping() => {}
                _ = count.wait_for(|count| *count == 0) => {}
            }
            drop(guard);
        });
        Ok(Self {
            config: config.clone(),
            lags: Arc::new(Lags::new(settings.clone())),
            publisher: publisher.map_err(OpenKafkaError::Settings)?,
            settings,
            names,
            topics: topics.to_vec(),
            members,
        })
    }

    /// Publishes on this bus what transactions of `db` append to the outbox, from one process at
    /// a time. Returns the handle whose transactions do so.
    pub async fn relay(&self, db: Db, lifecycle: &Lifecycle) -> Result<Db, OpenKafkaError> {
        let publisher = Publisher::new(self.settings.clone(), self.names.clone());
        let outlet = KafkaOutlet {
            publisher: Arc::new(publisher.map_err(OpenKafkaError::Settings)?),
            settings: self.settings.clone(),
            config: self.config.clone(),
            topics: self.topics.clone(),
        };
        let db = db.with_outbox(Outbox::Relay);
        let keep = Duration::from_hours(self.config.keep_hours.into());
        Relay::start(db.clone(), outlet, lifecycle, RELAY, keep).await?;
        Ok(db)
    }

    fn member_settings(&self, group: &str) -> ClientConfig {
        let session = self.config.session_timeout_ms;
        let handover = self.config.handover_s.saturating_mul(1000);
        let mut settings = self.settings.clone();
        settings
            .set("group.id", self.names.group(group))
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("session.timeout.ms", session.to_string())
            // A member hears of others by its heartbeats' answers.
            .set("heartbeat.interval.ms", (session / 12).max(100).to_string())
            .set(
                "max.poll.interval.ms",
                session.saturating_mul(2).saturating_add(handover).to_string(),
            )
            // Topics that are made anew are found within that time.
            .set("topic.metadata.refresh.interval.ms", "10000")
            // A partition that comes or is resumed waits for the fetch under way.
            .set("fetch.wait.max.ms", "200")
            .set("fetch.queue.backoff.ms", "20")
            .set("queued.min.messages", "2000")
            .set("queued.max.messages.kbytes", "8192");
        settings
    }
}

#[async_trait]
impl Bus for KafkaBus {
    async fn publish(&self, messages: Vec<Outgoing>) -> Result<(), BusError> {
        match timeout(PUBLISH, self.publisher.publish(&messages)).await {
            Ok(published) => published.map(drop).map_err(explain),
            Err(late) => Err(BusError::Unavailable(late.into())),
        }
    }

    async fn subscribe(
        &self,
        group: &str,
        topics: &[String],
    ) -> Result<Box<dyn Subscription>, BusError> {
        let shared = Arc::new(Shared::new());
        let context = Context::new(self.names.clone(), Arc::clone(&shared));
        let settings = self.member_settings(group);
        let consumer: BaseConsumer<Context> =
            settings.create_with_context(context).map_err(explain)?;
        let names: Vec<_> = topics.iter().map(|topic| self.names.topic(topic)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(explain)?;
        let (commands, inbox) = channel();
        let handover = Duration::from_secs(self.config.handover_s.into());
        let link = (commands.clone(), inbox);
        let reader = Reader::new(consumer, Arc::clone(&shared), link, handover);
        let reader = reader.map_err(|error| BusError::Unavailable(Box::new(error)))?;
        self.members.add(commands.clone());
        let members = Arc::clone(&self.members);
        let thread = std::thread::Builder::new().name(format!("kafka {group}"));
        let started = thread.spawn(move || {
            reader.run();
            members.count.send_modify(|count| *count -= 1);
        });
        started.map_err(|error| BusError::Unavailable(Box::new(error)))?;
        Ok(Box::new(KafkaSubscription { shared, commands }))
    }

    async fn lag(&self, group: &str, topic: &str) -> Result<u64, BusError> {
        let (group, topic) = (self.names.group(group), self.names.topic(topic));
        let begin = Instant::now();
        loop {
            let (lags, group, topic) = (Arc::clone(&self.lags), group.clone(), topic.clone());
            let measure = tokio::task::spawn_blocking(move || lags.measure(&group, &topic));
            let lag = measure.await.map_err(|e| BusError::Unavailable(e.into()))?;
            match lag.map_err(explain) {
                // Leaders move, of topics that were just made too.
                Err(BusError::Unavailable(_)) if begin.elapsed() < LAG => sleep(LAG / 50).await,
                lag => return lag,
            }
        }
    }
}
