//! The thread of one member of a group. It polls the consumer however long the work on messages
//! takes, and closes it, which may block. Commits block too: a second thread does them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::client::{Names, explain, log};
use super::holdings::{Holdings, Partition, Verdict};
use crate::{BusError, Delivery};

/// How long the thread sleeps when nothing wakes it.
const IDLE: Duration = Duration::from_millis(100);
/// How long when something waits that nothing wakes it for.
const SOON: Duration = Duration::from_millis(10);
/// How long a commit may take before the caller is told that the brokers are away.
const COMMIT: Duration = Duration::from_secs(5);

/// What a member asks of its thread.
#[derive(Debug)]
pub(super) enum Command {
    /// Something has happened.
    Look,
    /// Tell the brokers that what lies before `next` is done.
    Commit(Commit),
    /// Leave the group and end; the sender is dropped when that is done.
    Close(Option<oneshot::Sender<()>>),
}

#[derive(Debug)]
pub(super) struct Commit {
    pub(super) partition: Partition,
    pub(super) next: i64,
    pub(super) since: Instant,
    pub(super) reply: oneshot::Sender<Result<(), BusError>>,
}

/// What a member and its thread share.
#[derive(Debug)]
pub(super) struct Shared {
    holdings: Mutex<Holdings>,
    /// Notified when there is something to deliver, or to tell.
    pub(super) wake: Notify,
    /// What went wrong and the caller is to hear of.
    failure: Mutex<Option<BusError>>,
    /// The thread has ended.
    pub(super) ended: AtomicBool,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            holdings: Mutex::default(),
            wake: Notify::new(),
            failure: Mutex::default(),
            ended: AtomicBool::new(false),
        }
    }

    pub(super) fn holdings(&self) -> MutexGuard<'_, Holdings> {
        lock(&self.holdings)
    }

    pub(super) fn take_failure(&self) -> Option<BusError> {
        lock(&self.failure).take()
    }

    fn fail(&self, error: BusError) {
        *lock(&self.failure) = Some(error);
        self.wake.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Partitions that another member is to have.
struct Promise {
    partitions: Vec<Partition>,
    list: TopicPartitionList,
    since: Instant,
}

/// Hears what the library has to say while it is polled. Everything here runs on the thread.
pub(super) struct Context {
    names: Names,
    shared: Arc<Shared>,
    closing: AtomicBool,
    /// Something was said, so there may be more.
    heard: AtomicBool,
    promise: Mutex<Option<Promise>>,
}

impl Context {
    pub(super) fn new(names: Names, shared: Arc<Shared>) -> Self {
        Self {
            names,
            shared,
            closing: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            promise: Mutex::default(),
        }
    }

    fn partitions(&self, list: &TopicPartitionList) -> Vec<Partition> {
        list.elements()
            .iter()
            .map(|e| (self.names.own(e.topic()).to_owned(), e.partition()))
            .collect()
    }

    fn list(&self, partitions: &[Partition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition(&self.names.topic(topic), *partition);
        }
        list
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        self.shared.holdings().remove(&self.partitions(list));
        if let Err(error) = consumer.incremental_unassign(list) {
            debug!(%error, "partitions were given up in another way");
            consumer.unassign().unwrap_or_default();
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, _facility: &str, message: &str) {
        self.heard.store(true, Ordering::Relaxed);
        log(level, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.store(true, Ordering::Relaxed);
        debug!(%error, reason, "kafka client");
    }
}

impl ConsumerContext for Context {
    /// A revocation is acknowledged later, when what was delivered is committed or it has taken
    /// too long: meanwhile the thread goes on polling.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        self.heard.store(true, Ordering::Relaxed);
        let partitions = self.partitions(list);
        debug!(?what, ?partitions, "partitions move");
        if what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.shared.holdings().add(partitions);
            if let Err(error) = consumer.incremental_assign(list) {
                self.shared.fail(explain(error));
            }
        } else if self.closing.load(Ordering::Relaxed) || consumer.assignment_lost() {
            self.revoke(consumer, list);
        } else {
            self.shared.holdings().promise(&partitions);
            *lock(&self.promise) = Some(Promise {
                partitions,
                list: list.clone(),
                since: Instant::now(),
            });
        }
    }
}

/// What came of telling the brokers what is done.
type Outcome = Result<(), KafkaError>;

/// The thread that tells the brokers what is done, which blocks until they answer: polling goes
/// on meanwhile.
struct Clerk {
    lists: Sender<TopicPartitionList>,
    outcomes: Receiver<Outcome>,
    thread: JoinHandle<()>,
}

impl Clerk {
    fn start(
        consumer: Arc<BaseConsumer<Context>>,
        wake: Sender<Command>,
    ) -> Result<Self, std::io::Error> {
        let (lists, inbox) = channel::<TopicPartitionList>();
        let (outbox, outcomes) = channel();
        let thread = std::thread::Builder::new().name("kafka commits".to_owned());
        let thread = thread.spawn(move || {
            for list in inbox {
                let outcome = consumer.commit(&list, CommitMode::Sync);
                outbox.send(outcome).unwrap_or_default();
                wake.send(Command::Look).unwrap_or_default();
            }
        })?;
        Ok(Self {
            lists,
            outcomes,
            thread,
        })
    }
}

/// Runs until it is told to close.
pub(super) struct Reader {
    consumer: Arc<BaseConsumer<Context>>,
    clerk: Clerk,
    shared: Arc<Shared>,
    commands: Receiver<Command>,
    handover: Duration,
    /// Commits that the brokers have not been told of.
    due: Vec<Commit>,
    /// Commits that they have been told of.
    told: Option<Vec<Commit>>,
}

impl Reader {
    pub(super) fn new(
        mut consumer: BaseConsumer<Context>,
        shared: Arc<Shared>,
        (wake, commands): (Sender<Command>, Receiver<Command>),
        handover: Duration,
    ) -> Result<Self, std::io::Error> {
        let bell = wake.clone();
        consumer.set_nonempty_callback(move || bell.send(Command::Look).unwrap_or_default());
        let consumer = Arc::new(consumer);
        Ok(Self {
            clerk: Clerk::start(Arc::clone(&consumer), wake)?,
            consumer,
            shared,
            commands,
            handover,
            due: Vec::new(),
            told: None,
        })
    }

    pub(super) fn run(mut self) {
        let closed = loop {
            match self.commands.recv_timeout(self.rest()) {
                Ok(Command::Close(done)) => break done,
                Ok(Command::Commit(commit)) => self.due.push(commit),
                Ok(Command::Look) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break None,
            }
            self.poll();
            self.settle();
            self.keep_promise();
            self.tell();
            self.resume();
        };
        self.close();
        drop(closed);
    }

    fn context(&self) -> &Arc<Context> {
        self.consumer.context()
    }

    /// How long to sleep unless somebody calls.
    fn rest(&self) -> Duration {
        let promised = lock(&self.context().promise).is_some();
        if promised || !self.due.is_empty() {
            SOON
        } else {
            IDLE
        }
    }

    /// Takes in everything that the library has.
    fn poll(&self) {
        let mut delivered = false;
        loop {
            self.context().heard.store(false, Ordering::Relaxed);
            match self.consumer.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    self.take(&message);
                    delivered = true;
                }
                Some(Err(error)) => self.complain(error),
                None if self.context().heard.load(Ordering::Relaxed) => {}
                None => break,
            }
        }
        if delivered {
            self.shared.wake.notify_one();
        }
    }

    fn take(&self, message: &BorrowedMessage<'_>) {
        let delivery = delivery(&self.context().names, message);
        let partition = (delivery.topic.clone(), delivery.partition);
        if self.shared.holdings().offer(delivery) {
            let list = self.context().list(&[partition]);
            if let Err(error) = self.consumer.pause(&list) {
                warn!(%error, "a partition that is full cannot be paused");
            }
        }
    }

    /// Lets the caller hear of what does not pass by itself.
    fn complain(&self, error: KafkaError) {
        let explained = explain(error);
        match &explained {
            BusError::Broken(_) => self.shared.fail(explained),
            BusError::Unavailable(_) | BusError::Lost => {
                let reason: &dyn std::error::Error = &explained;
                debug!(error = reason, "the brokers are away");
            }
        }
    }

    /// Answers the commits whose outcome is known, or has taken too long.
    fn settle(&mut self) {
        if let Ok(outcome) = self.clerk.outcomes.try_recv() {
            for commit in self.told.take().unwrap_or_default() {
                self.conclude(commit, &outcome);
            }
        }
        let late = |commit: &mut Commit| commit.since.elapsed() > COMMIT;
        let told = self
            .told
            .iter_mut()
            .flat_map(|told| told.extract_if(.., late));
        let due = self.due.extract_if(.., late);
        for commit in told.chain(due) {
            let timeout = KafkaError::ConsumerCommit(Code::OperationTimedOut);
            answer(commit, Err(BusError::Unavailable(Box::new(timeout))));
        }
    }

    fn conclude(&mut self, commit: Commit, outcome: &Outcome) {
        let Err(error) = outcome else {
            let mut holdings = self.shared.holdings();
            holdings.committed(&commit.partition, commit.next);
            return answer(commit, Ok(()));
        };
        match error.rdkafka_error_code() {
            // The group moves: whether the partition is still ours is seen afterwards.
            Some(Code::IllegalGeneration | Code::UnknownMemberId | Code::RebalanceInProgress) => {
                self.due.push(commit);
            }
            _ => answer(commit, Err(explain(error.clone()))),
        }
    }

    /// Gives up what is promised when it is free, or has not been for too long.
    fn keep_promise(&self) {
        let mut promise = lock(&self.context().promise);
        let Some(promised) = promise.as_ref() else {
            return;
        };
        let overdue = promised.since.elapsed() > self.handover;
        let free = self.shared.holdings().are_idle(&promised.partitions);
        if free || overdue || self.consumer.assignment_lost() {
            if !free {
                warn!(
                    partitions = ?promised.partitions,
                    "partitions go to another member before all work on them was done"
                );
            }
            self.context().revoke(&self.consumer, &promised.list);
            *promise = None;
        }
    }

    /// Tells the brokers what is due, all at once.
    fn tell(&mut self) {
        if self.told.is_some() {
            return;
        }
        let mut offsets = BTreeMap::new();
        let mut told = Vec::new();
        for commit in std::mem::take(&mut self.due) {
            let verdict = self.shared.holdings().judge(&commit.partition, commit.next);
            match verdict {
                Verdict::Lost => answer(commit, Err(BusError::Lost)),
                Verdict::Done => answer(commit, Ok(())),
                Verdict::Due => {
                    let next = offsets.entry(commit.partition.clone()).or_insert(0);
                    *next = commit.next.max(*next);
                    told.push(commit);
                }
            }
        }
        if told.is_empty() {
            return;
        }
        let mut list = TopicPartitionList::new();
        for ((topic, partition), next) in offsets {
            let name = self.context().names.topic(&topic);
            list.add_partition_offset(&name, partition, Offset::Offset(next))
                .unwrap_or_default();
        }
        // The clerk outlives this loop.
        self.clerk.lists.send(list).unwrap_or_default();
        self.told = Some(told);
    }

    fn resume(&self) {
        let hungry = self.shared.holdings().resumable();
        if !hungry.is_empty()
            && let Err(error) = self.consumer.resume(&self.context().list(&hungry))
        {
            warn!(%error, "partitions cannot be resumed");
        }
    }

    /// Leaves the group. What is due is not committed: its callers are gone.
    fn close(self) {
        let context = Arc::clone(self.context());
        context.closing.store(true, Ordering::Relaxed);
        if let Some(promised) = lock(&context.promise).take() {
            context.revoke(&self.consumer, &promised.list);
        }
        self.shared.ended.store(true, Ordering::Relaxed);
        self.shared.wake.notify_one();
        // Whoever waits for a commit is told now.
        drop((self.due, self.told));
        let Clerk { lists, thread, .. } = self.clerk;
        drop(lists);
        thread.join().unwrap_or_default();
        drop(self.consumer);
    }
}

/// Whoever asked may have gone.
fn answer(commit: Commit, outcome: Result<(), BusError>) {
    commit.reply.send(outcome).unwrap_or_default();
}

fn delivery(names: &Names, message: &BorrowedMessage<'_>) -> Delivery {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message.headers().into_iter().flat_map(|headers| {
        headers
            .iter()
            .map(|h| (h.key.to_owned(), text(h.value.unwrap_or_default())))
    });
    Delivery {
        topic: names.own(message.topic()).to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        key: text(message.key().unwrap_or_default()),
        payload: message.payload().unwrap_or_default().to_vec().into(),
        headers: headers.collect(),
    }
}
