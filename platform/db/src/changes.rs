//! News of commits between processes on PostgreSQL: NOTIFY tells at once, and a look at the
//! server's snapshot finds what nobody told of.
//!
//! A notification is not part of the transaction that it tells of: transactions that notify
//! commit one after the other. It follows the commit, and many commits share one.

use std::time::Duration;

use platform_core::Lifecycle;
use rand::Rng as _;
use sqlx::AnyPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::{info, warn};

use crate::news::News;

const CHANNEL: &str = "marquee_changes";

/// Pause between notifications of this process. The first after a pause goes at once.
const TOGETHER: Duration = Duration::from_millis(2);

/// How often to look whether another process wrote and could not tell: it died, or nobody was
/// listening here.
const LOOK: Duration = Duration::from_secs(1);

/// What following the commits of other processes takes.
pub(crate) struct Link {
    pub(crate) options: PgConnectOptions,
    pub(crate) readers: AnyPool,
    pub(crate) news: News,
}

/// Tells other processes of this one's commits and this one of theirs, until `lifecycle` drains:
/// nobody begins anything on account of others' commits from there on.
pub(crate) fn follow(link: Link, lifecycle: &Lifecycle) {
    // Its own notifications come back to a process too.
    let name = format!("{:016x}", rand::rng().random::<u64>());
    lifecycle.spawn(tell(
        link.readers.clone(),
        link.news.clone(),
        name.clone(),
        lifecycle.clone(),
    ));
    lifecycle.spawn(listen(link, name, lifecycle.clone()));
}

async fn tell(readers: AnyPool, news: News, name: String, lifecycle: Lifecycle) {
    loop {
        let subjects = tokio::select! {
            () = lifecycle.draining() => return,
            () = readers.close_event() => return,
            subjects = news.untold() => subjects,
        };
        let told = sqlx::query("SELECT count(pg_notify($1, $2))")
            .bind(CHANNEL)
            .bind(format!("{name} {subjects}"))
            .execute(&readers)
            .await;
        if let Err(error) = told {
            warn!(%error, "other processes notice a commit late");
        }
        sleep(TOGETHER).await;
    }
}

async fn listen(link: Link, name: String, lifecycle: Lifecycle) {
    let mut listener = None;
    let mut seen = None;
    let mut lost = false;
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = lifecycle.draining() => return,
            () = link.readers.close_event() => return,
            heard = hear(&mut listener) => match heard {
                Ok(Some(told)) => {
                    let (from, subjects) = told.split_once(' ').unwrap_or((&told, ""));
                    if from != name {
                        link.news.hear(subjects);
                    }
                }
                Ok(None) => (listener, lost) = (None, true),
                Err(error) => {
                    warn!(%error, "commits of other processes are noticed late");
                    (listener, lost) = (None, true);
                }
            },
            _ = look.tick() => {
                if listener.is_none() {
                    listener = connect(&link).await;
                    if lost && listener.is_some() {
                        info!("commits of other processes are noticed at once again");
                        lost = false;
                    }
                }
                let now = snapshot(&link.readers).await;
                if now.is_some() && now != seen {
                    seen = now;
                    link.news.wake_all();
                }
            }
        }
    }
}

/// A listener with a pool of its own, so that one that hangs stands in nobody's way.
async fn connect(link: &Link) -> Option<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(LOOK)
        .connect_lazy_with(link.options.clone());
    let mut listener = PgListener::connect_with(&pool).await.ok()?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

/// Who notified of what, apart by a space; `None` when the connection was lost. Waits for ever
/// without a listener.
async fn hear(listener: &mut Option<PgListener>) -> Result<Option<String>, sqlx::Error> {
    match listener {
        Some(listener) => {
            let heard = listener.try_recv().await?;
            Ok(heard.map(|notification| notification.payload().to_owned()))
        }
        None => std::future::pending().await,
    }
}

/// Text that changes whenever a transaction that writes begins or ends: what `data_version` is to
/// SQLite.
async fn snapshot(readers: &AnyPool) -> Option<String> {
    let snapshot = sqlx::query_scalar("SELECT CAST(pg_current_snapshot() AS TEXT)");
    snapshot.fetch_one(readers).await.ok()
}
