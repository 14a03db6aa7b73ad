//! Writing: transactions that are run again when they lose a race.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use platform_core::backoff::Backoff;
use sqlx::{Any, AnyConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use crate::news::News;
use crate::{Db, DbError, Outbox, WriteError};

/// How long a write that is interrupted again and again is run again.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longest run of a transaction: what takes longer waits for an answer that got lost.
const LONGEST: Duration = Duration::from_mins(1);

/// Pauses between runs.
const PAUSES: Backoff = Backoff {
    first: Duration::from_millis(2),
    limit: Duration::from_millis(250),
    attempts: u32::MAX,
};

/// Whose transactions may run beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rivals {
    /// All.
    All,
    /// Those of other processes.
    Others,
    /// Nobody's.
    None,
}

/// Who of this process may write.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    semaphore: Arc<Semaphore>,
    all: u32,
}

impl Turns {
    /// `writers` at a time, in the order in which they came.
    pub(crate) fn new(writers: u16) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(usize::from(writers))),
            all: u32::from(writers),
        }
    }

    /// A turn beside other writers or, when `alone`, without them.
    async fn take(&self, alone: bool) -> Result<OwnedSemaphorePermit, DbError> {
        let permits = if alone { self.all } else { 1 };
        Arc::clone(&self.semaphore)
            .acquire_many_owned(permits)
            .await
            .map_err(|_closed| DbError::Unavailable(sqlx::Error::PoolClosed))
    }
}

impl Db {
    /// Runs `work` in a transaction, which it commits itself, and runs it again when the database
    /// interrupted it: it lost a race with another transaction, or its connection before the
    /// commit. Dropped without [`Tx::commit`] the transaction changes nothing.
    ///
    /// Everything that `work` decides it reads within the transaction, and it does nothing but
    /// statements. Transactions are serialisable: they happen as if one after the other.
    ///
    /// A commit whose answer is lost with the connection is the one failure after which nobody
    /// knows whether the changes are kept: it is [`DbError::Unavailable`] and not run again here.
    /// Callers make their calls such that doing them once more is right: they compare and set, or
    /// insert what has an id already.
    pub async fn write<T, E, F>(&self, mut work: impl FnMut(Tx) -> F) -> Result<T, E>
    where
        E: WriteError,
        F: Future<Output = Result<T, E>>,
    {
        let start = Instant::now();
        let mut attempt = 1;
        loop {
            // Lest it lose for ever, who has lost once runs without rivals from this process, and
            // who has lost twice without any; not each time from there on, for all others wait
            // meanwhile, and a process that hangs may make it vain.
            let rivals = match attempt {
                1 => Rivals::All,
                n if n % 3 == 0 => Rivals::None,
                _ => Rivals::Others,
            };
            let tx = self.begin_beside(rivals).await;
            let outcome = match tx {
                Ok(tx) => timeout(LONGEST, work(tx)).await,
                Err(error) => Ok(Err(error.into())),
            };
            let error = match outcome {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(_elapsed) => {
                    let silence = sqlx::Error::Io(ErrorKind::TimedOut.into());
                    return Err(DbError::Unavailable(silence).into());
                }
            };
            let again = matches!(error.db(), Some(DbError::Interrupted(_)));
            let pause = PAUSES.delay(attempt, &mut rand::rng());
            let Some(pause) = pause.filter(|_| again && start.elapsed() < PATIENCE) else {
                return Err(error);
            };
            debug!(attempt, "a transaction was interrupted and is run again");
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Begins a transaction that nobody runs again: for tests, which see to others meanwhile.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        self.begin_beside(Rivals::All).await
    }

    async fn begin_beside(&self, rivals: Rivals) -> Result<Tx, DbError> {
        let turn = self.turns.take(rivals != Rivals::All).await?;
        let inner = self.writer.begin_with(self.engine.begin()).await?;
        let mut tx = self.tx(inner, turn);
        // A statement of its own: a BEGIN that fails half-way would leave the connection in a
        // transaction that nobody ends.
        if let Some(turn) = self.engine.turn(rivals == Rivals::None) {
            sqlx::raw_sql(turn).execute(tx.conn()).await?;
        }
        Ok(tx)
    }

    /// Begins a transaction that sees what was committed before each of its statements.
    pub(crate) async fn begin_migration(&self) -> Result<Tx, DbError> {
        let turn = self.turns.take(true).await?;
        let inner = self
            .writer
            .begin_with(self.engine.begin_migration())
            .await?;
        Ok(self.tx(inner, turn))
    }

    fn tx(&self, inner: sqlx::Transaction<'static, Any>, turn: OwnedSemaphorePermit) -> Tx {
        Tx {
            outbox: self.outbox,
            inner,
            written: self.engine.written(),
            news: self.news.clone(),
            _turn: turn,
        }
    }
}

/// A transaction that may write.
#[derive(Debug)]
pub struct Tx {
    outbox: Outbox,
    inner: sqlx::Transaction<'static, Any>,
    written: Option<&'static str>,
    news: News,
    _turn: OwnedSemaphorePermit,
}

impl Tx {
    /// The connection, for `sqlx::query(…).execute(tx.conn())`.
    pub fn conn(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    /// Where events go that this transaction appends.
    pub fn outbox(&self) -> Outbox {
        self.outbox
    }

    /// Makes the changes durable and wakes whoever waits for changes.
    pub async fn commit(mut self) -> Result<(), DbError> {
        if let Some(sql) = self.written {
            // PostgreSQL answers the COMMIT of a transaction in which a statement has failed by
            // rolling back, as if all was well; this statement fails then.
            let written: Option<String> = sqlx::query_scalar(sql).fetch_one(self.conn()).await?;
            if written.is_none() {
                return Ok(());
            }
        }
        self.inner.commit().await.map_err(DbError::of_commit)?;
        self.news.committed();
        Ok(())
    }
}
