//! One subscription with a worker per partition.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::bus_pause;
use super::worker::Worker;
use crate::{BusError, Delivery, Subscription};

/// Messages that are asked for at once.
const BATCH: usize = 256;

/// Messages of a partition that may wait here: above the one it is held back, below the other it
/// comes again. A slow partition costs no memory and keeps nobody else waiting.
const HOLD_ABOVE: usize = 64;
const RESUME_BELOW: usize = 16;

type Partition = (String, i32);

pub(super) struct Session {
    subscription: Box<dyn Subscription>,
    worker: Worker,
    lanes: BTreeMap<Partition, Lane>,
    done: mpsc::UnboundedReceiver<Delivery>,
    /// Given to the workers; gone while draining, so that `done` ends when they have.
    report: Option<mpsc::UnboundedSender<Delivery>>,
    /// The last message done of each partition whose commit is due.
    due: BTreeMap<Partition, Delivery>,
    failures: u32,
    /// The bus is left alone until then.
    pause: Option<Instant>,
}

struct Lane {
    messages: mpsc::UnboundedSender<Delivery>,
    waiting: usize,
    held: bool,
    lost: CancellationToken,
    task: JoinHandle<()>,
}

impl Session {
    pub(super) fn new(subscription: Box<dyn Subscription>, worker: Worker) -> Self {
        let (report, done) = mpsc::unbounded_channel();
        Self {
            subscription,
            worker,
            lanes: BTreeMap::new(),
            done,
            report: Some(report),
            due: BTreeMap::new(),
            failures: 0,
            pause: None,
        }
    }

    /// Runs until the life drains and what is under way is finished, or it stops.
    pub(super) async fn run(mut self) {
        let lifecycle = self.worker.lifecycle.clone();
        loop {
            let (open, pause) = (self.report.is_some(), self.pause);
            tokio::select! {
                () = lifecycle.stopping() => break,
                () = lifecycle.draining(), if open => {
                    self.report = None;
                    self.lanes.clear();
                }
                done = self.done.recv() => match done {
                    Some(message) => self.note(message),
                    None => break,
                },
                () = sleep_until(pause.unwrap_or_else(Instant::now)), if pause.is_some() => {
                    self.pause = None;
                }
                batch = self.subscription.next(BATCH), if open && pause.is_none() => {
                    match batch {
                        Ok(messages) => self.dispatch(messages),
                        Err(error) => self.failed("cannot read from the event bus", &error),
                    }
                }
            }
            self.commit().await;
        }
        // The last chance: what cannot be committed now is handled once more after the restart.
        self.pause = None;
        self.commit().await;
        self.subscription.close().await;
    }

    fn dispatch(&mut self, messages: Vec<Delivery>) {
        self.failures = 0;
        for message in messages {
            let partition = (message.topic.clone(), message.partition);
            if !self.lanes.contains_key(&partition) {
                let lane = self.open_lane(None);
                self.lanes.insert(partition.clone(), lane);
            }
            let Some(lane) = self.lanes.get_mut(&partition) else {
                continue;
            };
            if lane.messages.send(message).is_ok() {
                lane.waiting += 1;
            }
            if lane.waiting >= HOLD_ABOVE {
                self.subscription.hold(&partition.0, partition.1, true);
                lane.held = true;
            }
        }
    }

    /// A worker for a partition. It begins when `before`, which worked on the partition until it
    /// was lost, has ended, so that messages of a key never overlap.
    fn open_lane(&self, before: Option<JoinHandle<()>>) -> Lane {
        let (messages, queue) = mpsc::unbounded_channel();
        let lost = CancellationToken::new();
        let (worker, token, report) = (self.worker.clone(), lost.clone(), self.report.clone());
        let task = self.worker.lifecycle.spawn(async move {
            if let Some(before) = before {
                before.await.unwrap_or_default();
            }
            if let Some(report) = report {
                worker.run(queue, report, token).await;
            }
        });
        Lane {
            messages,
            waiting: 0,
            held: false,
            lost,
            task,
        }
    }

    /// Takes note of `message` and all others that are done by now.
    fn note(&mut self, message: Delivery) {
        let mut next = Some(message);
        while let Some(message) = next {
            let partition = (message.topic.clone(), message.partition);
            if let Some(lane) = self.lanes.get_mut(&partition) {
                lane.waiting = lane.waiting.saturating_sub(1);
                if lane.held && lane.waiting <= RESUME_BELOW {
                    self.subscription.hold(&partition.0, partition.1, false);
                    lane.held = false;
                }
            }
            self.due.insert(partition, message);
            next = self.done.try_recv().ok();
        }
    }

    /// Commits what is due. Messages that are done meanwhile are committed together next time.
    async fn commit(&mut self) {
        while self.pause.is_none()
            && let Some((partition, message)) = self.due.pop_first()
        {
            match self.subscription.commit(&message).await {
                Ok(()) => self.failures = 0,
                Err(BusError::Lost) => self.lose(&partition),
                Err(error) => {
                    self.failed("cannot commit on the event bus", &error);
                    self.due.insert(partition, message);
                }
            }
        }
    }

    /// Drops what waits of a partition that another member has now.
    fn lose(&mut self, partition: &Partition) {
        debug!(
            topic = partition.0,
            partition = partition.1,
            "another member has the partition now"
        );
        if let Some(lane) = self.lanes.remove(partition) {
            lane.lost.cancel();
            let next = self.open_lane(Some(lane.task));
            self.lanes.insert(partition.clone(), next);
        }
    }

    fn failed(&mut self, what: &'static str, error: &BusError) {
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(Instant::now() + bus_pause(self.failures));
        let group = self.worker.handler.group();
        let reason: &dyn std::error::Error = error;
        warn!(error = reason, group, "{what}: trying again");
    }
}
