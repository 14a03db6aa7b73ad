//! What the edge can serve: its disk, filled from the origin once however many ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use platform_core::Lifecycle;
use platform_http::Client;
use reqwest::Response;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use crate::address::{Address, Scope};
use crate::freshness::Freshness;
use crate::origin::{self, Answer, Refusal};
use crate::store::{Moment, Store, Stored};

/// How long a refusal of the origin answers others who ask for the same.
const REFUSED_FOR: Duration = Duration::from_secs(1);

/// How long a pull waits for others to end, when there are too many.
const QUEUE: Duration = Duration::from_secs(2);

type Outcome = Result<Stored, Refusal>;

/// A pull that everybody who asks waits for.
type Flight = watch::Receiver<Option<Outcome>>;

/// Disk and origin together. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Library(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    client: Client,
    freshness: Freshness,
    flights: Mutex<HashMap<Address, Flight>>,
    pulls: Semaphore,
    lifecycle: Lifecycle,
    /// Pulls outlive the request, and the server thread, that began them.
    runtime: Handle,
}

impl Library {
    pub(crate) fn new(
        store: Store,
        client: Client,
        max_pulls: usize,
        lifecycle: Lifecycle,
        runtime: Handle,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            client,
            freshness: Freshness::default(),
            flights: Mutex::default(),
            pulls: Semaphore::new(max_pulls.clamp(1, Semaphore::MAX_PERMITS)),
            lifecycle,
            runtime,
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// What lies at `address` was put there by the seeder just now.
    pub(crate) fn seeded(&self, address: &Address) {
        if address.is_manifest() {
            self.0.freshness.renewed(address, None);
        }
    }

    /// Deletes an object or a folder, also what is only being pulled. Returns whether anything of
    /// it lay on the disk.
    pub(crate) async fn remove(&self, scope: &Scope) -> std::io::Result<bool> {
        let removed = self.0.store.remove(scope).await;
        // What is under way lands nowhere any more, and nobody else is to follow it.
        self.flights().retain(|address, _| !covers(scope, address));
        removed
    }

    /// The object at `address`, from the disk or from the origin.
    pub(crate) async fn get(&self, address: &Address) -> Outcome {
        let Some(stored) = self.on_disk(address).await? else {
            return self.pull(address, false).await;
        };
        if !address.is_manifest() || self.0.freshness.is_fresh(address) {
            return Ok(stored);
        }
        match self.pull(address, true).await {
            Err(refusal) if refusal.is_not_found() => {
                let scope = Scope::Object(address.clone());
                self.0.store.remove(&scope).await.map_err(Refusal::disk)?;
                Err(refusal)
            }
            Err(refusal) => {
                let error: &dyn std::error::Error = &refusal;
                tracing::warn!(error, %address, "an older manifest is served");
                self.0.freshness.postponed(address);
                Ok(stored)
            }
            renewed => renewed,
        }
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Address, Flight>> {
        self.0
            .flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the pull of `address` that is under way, or begins one.
    async fn pull(&self, address: &Address, have_older: bool) -> Outcome {
        let mut flight = {
            let mut flights = self.flights();
            let begin = || self.begin(address.clone(), have_older);
            flights.entry(address.clone()).or_insert_with(begin).clone()
        };
        match flight.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            Ok(None) | Err(_) => Err(Refusal::unreachable(BrokenOff)),
        }
    }

    fn begin(&self, address: Address, have_older: bool) -> Flight {
        let (landed, flight) = watch::channel(None);
        let (library, own) = (self.clone(), flight.clone());
        let _context = self.0.runtime.enter();
        self.0.lifecycle.spawn(async move {
            let refused = tokio::select! {
                () = library.0.lifecycle.stopping() => false,
                refused = library.fly(&address, have_older, &landed) => refused,
            };
            if refused {
                tokio::select! {
                    () = library.0.lifecycle.draining() => {}
                    () = tokio::time::sleep(REFUSED_FOR) => {}
                }
            }
            let mut flights = library.flights();
            // A deletion may have let another begin.
            if flights
                .get(&address)
                .is_some_and(|flight| flight.same_channel(&own))
            {
                flights.remove(&address);
            }
        });
        flight
    }

    /// Pulls the object and tells those who wait as soon as it can be read or followed. Returns
    /// whether there is none.
    async fn fly(
        &self,
        address: &Address,
        have_older: bool,
        landed: &watch::Sender<Option<Outcome>>,
    ) -> bool {
        match self.try_fly(address, have_older, landed).await {
            Ok(()) => false,
            Err(refusal) => {
                if !matches!(refusal, Refusal::Answered { .. } | Refusal::Busy) {
                    let error: &dyn std::error::Error = &refusal;
                    tracing::warn!(error, %address, "a pull from the origin failed");
                }
                if let Refusal::Disk(error) = &refusal {
                    self.0.store.make_room_if_full(error);
                }
                // Also in place of a file that stopped growing: nobody else is to follow it.
                landed.send_replace(Some(Err(refusal)));
                true
            }
        }
    }

    async fn try_fly(
        &self,
        address: &Address,
        have_older: bool,
        landed: &watch::Sender<Option<Outcome>>,
    ) -> Result<(), Refusal> {
        // The pull before may have landed since the disk was looked at.
        if !have_older && let Some(stored) = self.on_disk(address).await? {
            landed.send_replace(Some(Ok(stored)));
            return Ok(());
        }
        let _permit = self.permit().await?;
        // Before the origin looks, so that what is deleted from here on is not kept.
        let begun = self.0.store.moment();
        let known = self.0.freshness.etag(address).filter(|_| have_older);
        let asked = origin::ask(&self.0.client, address, known.as_deref(), have_older);
        match asked.await? {
            Answer::Object(answer) => self.receive(address, answer, begun, landed).await,
            Answer::Unchanged => {
                self.0.freshness.postponed(address);
                let stored = self.on_disk(address).await?;
                let stored = stored.ok_or_else(|| Refusal::unreachable(BrokenOff))?;
                landed.send_replace(Some(Ok(stored)));
                Ok(())
            }
        }
    }

    async fn on_disk(&self, address: &Address) -> Result<Option<Stored>, Refusal> {
        self.0.store.get(address).await.map_err(Refusal::disk)
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        let permit = tokio::time::timeout(QUEUE, self.0.pulls.acquire()).await;
        permit.ok().and_then(Result::ok).ok_or(Refusal::Busy)
    }

    async fn receive(
        &self,
        address: &Address,
        mut answer: Response,
        begun: Moment,
        landed: &watch::Sender<Option<Outcome>>,
    ) -> Result<(), Refusal> {
        let (etag, promised) = (origin::etag(&answer), answer.content_length());
        let mut incoming = self.0.store.create().await.map_err(Refusal::disk)?;
        // A manifest is small, and an older one is better than one that breaks off.
        let mut followed = promised.filter(|_| !address.is_manifest());
        loop {
            let ready = answer.chunk().now_or_never();
            if ready.is_none() {
                // Those who follow need not wait for what has not come yet.
                incoming.flush().await.map_err(Refusal::disk)?;
            }
            // Not before the first write, which a full disk refuses.
            if let Some(size) = followed.take_if(|_| incoming.is_begun()) {
                let growing = incoming.follow(size).await.map_err(Refusal::disk)?;
                landed.send_replace(Some(Ok(growing)));
            }
            let next = match ready {
                Some(next) => next,
                None => answer.chunk().await,
            };
            let Some(bytes) = next.map_err(Refusal::unreachable)? else {
                break;
            };
            incoming.write(bytes).await.map_err(Refusal::disk)?;
        }
        let stored = incoming.finish().await.map_err(Refusal::disk)?;
        let size = stored.size;
        if promised.is_some_and(|promised| promised != size) {
            return Err(Refusal::unreachable(BrokenOff));
        }
        landed.send_replace(Some(Ok(stored)));
        let placed = self.0.store.place(incoming, size, address, Some(begun));
        if placed.await.map_err(Refusal::disk)? && address.is_manifest() {
            self.0.freshness.renewed(address, etag);
        }
        Ok(())
    }
}

/// Whether `scope` is `address`, or a folder that it lies in.
fn covers(scope: &Scope, address: &Address) -> bool {
    match scope {
        Scope::Object(object) => object == address,
        Scope::Revision(video, revision) => {
            *video == address.video && *revision == address.revision
        }
        Scope::Video(video) => *video == address.video,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the transfer from the origin broke off")]
struct BrokenOff;
