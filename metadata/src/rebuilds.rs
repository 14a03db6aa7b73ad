//! Building the search index anew while everything goes on: one at a time, whoever asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use platform_core::Lifecycle;
use tokio::sync::watch;
use tracing::{error, info};

use crate::indexer::{Indexer, Progress, StepError};

/// Where a rebuild stands.
#[derive(Debug, Clone)]
pub(crate) enum Status {
    /// It goes on.
    Running(Progress),
    /// So many videos are in the new index, which answers now.
    Done(u64),
    /// Why it ended. The index before answers as if nothing had been.
    Failed(String),
}

/// Rebuilds of one process.
#[derive(Debug)]
pub(crate) struct Rebuilds {
    indexer: Arc<Indexer>,
    lifecycle: Lifecycle,
    last: Mutex<Option<watch::Receiver<Status>>>,
}

impl Rebuilds {
    pub(crate) fn new(indexer: Arc<Indexer>, lifecycle: Lifecycle) -> Self {
        Self {
            indexer,
            lifecycle,
            last: Mutex::default(),
        }
    }

    /// Begins a rebuild, unless one goes on; tells of it. It goes on when nobody listens.
    pub(crate) fn begin(&self) -> watch::Receiver<Status> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = last.as_ref()
            && matches!(*status.borrow(), Status::Running(_))
        {
            return status.clone();
        }
        let (tell, status) = watch::channel(Status::Running(Progress::default()));
        *last = Some(status.clone());
        let (indexer, lifecycle) = (Arc::clone(&self.indexer), self.lifecycle.clone());
        self.lifecycle.spawn(async move {
            let ended = tokio::select! {
                done = indexer.rebuild(|progress| drop(tell.send_replace(Status::Running(progress)))) => {
                    ended(done)
                }
                () = lifecycle.draining() => Status::Failed(
                    "the catalogue's service ends: run it again once it is back".to_owned(),
                ),
            };
            tell.send_replace(ended);
        });
        status
    }
}

fn ended(outcome: Result<u64, StepError>) -> Status {
    match outcome {
        Ok(videos) => {
            info!(videos, "the search index was built anew");
            Status::Done(videos)
        }
        Err(reason) => {
            let error: &dyn std::error::Error = &reason;
            error!(error, "the search index could not be built anew");
            let because = error.source().map(ToString::to_string);
            Status::Failed(because.unwrap_or_else(|| error.to_string()))
        }
    }
}
